from inlay.kernels import lanes, wide


def test_both_widths_have_all_operations():
    assert lanes.WIDTH == 8
    assert wide.WIDTH in (8, 16)
    assert {n for n in vars(lanes) if n.islower()} <= set(vars(wide)) | {"registers"}
    assert len(wide.zeros()) == wide.WIDTH
    assert len(lanes.zeros()) == lanes.WIDTH
