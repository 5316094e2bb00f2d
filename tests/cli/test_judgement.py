import numpy as np

from inlay.cli.judgement import print_judgement


def test_many_classes_are_shown_as_their_confusions(capsys):
    names = [f"c{i:02d}" for i in range(13)]
    counts = np.eye(13, dtype=int).tolist()
    counts[3][4], counts[0][12] = 7, 2
    print_judgement(
        {
            "accuracy": 13 / 22,
            "interval_95": (0.4, 0.8),
            "n_right": 13,
            "n_texts": 22,
            "classes": names,
            "confusion": counts,
            "unseen": {},
        }
    )
    lines = capsys.readouterr().out.splitlines()[2:]
    assert lines == ["       7  c03 taken for c04", "       2  c00 taken for c12"]
