import numpy as np
import pytest

from inlay.kernels.clusters import nearest


@pytest.mark.parametrize("run", [nearest, nearest.py_func], ids=["compiled", "plain"])
@pytest.mark.parametrize("d", [1, 3])
def test_each_point_gets_the_nearest_centroid(run, d):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, d)).astype(np.float32)
    centroids = rng.normal(size=(256, d)).astype(np.float32)
    centroids[200] = centroids[7]  # the first of equal ones counts
    points[0] = centroids[7]
    codes, scores = np.empty(50, np.uint8), np.empty(256, np.float32)
    halves = (centroids**2).sum(axis=1) / 2
    run(points, np.ascontiguousarray(centroids.T), halves, scores, codes)
    distances = ((points[:, None] - centroids) ** 2).sum(axis=2)
    assert codes[0] == 7
    found = distances[np.arange(50), codes]
    np.testing.assert_allclose(found, distances.min(axis=1), atol=1e-5)
