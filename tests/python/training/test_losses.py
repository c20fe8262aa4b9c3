"""Losses by hand."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from groundglass.training.losses import (  # noqa: E402
    border_weights,
    class_loss,
    dice_loss,
    edge_loss,
    lung_loss,
    map_loss,
    structure_loss,
    total_loss,
)


def test_border_weights_by_hand() -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32, 32] = 1.0
    weights = border_weights(mask)[0, 0]
    assert weights[32, 32] == pytest.approx(1 + 5 * (1 - 1 / 961))
    assert weights[32, 47] == pytest.approx(1 + 5 / 961)  # 15 pixels away: still inside of the window
    assert weights[32, 48] == pytest.approx(1.0)


def test_structure_loss_by_hand() -> None:
    """One pixel: the window is zero outside, so the average is m / 961."""
    logit, m = 0.7, 1.0
    w = 1 + 5 * abs(m / 961 - m)
    p = 1 / (1 + math.exp(-logit))
    iou = 1 - (w * p * m + 1) / (w * (p + m) - w * p * m + 1)
    loss = structure_loss(torch.full((1, 1, 1, 1), logit), torch.full((1, 1, 1, 1), m))
    assert float(loss) == pytest.approx(-math.log(p) + iou, rel=1e-6)


def test_structure_loss_weighs_pixels_inside_of_each_image() -> None:
    """The cross entropy is weighted (the published code drops the weights) and images count equally."""
    torch.manual_seed(0)
    logits = torch.randn(2, 1, 40, 40)
    mask = torch.zeros(2, 1, 40, 40)
    mask[0, :, 10:20, 10:30] = 1.0
    parts = []
    for x, m in zip(logits.double(), mask.double(), strict=True):
        w = border_weights(m[None])[0]
        p = x.sigmoid()
        bce = -(m * p.log() + (1 - m) * (1 - p).log())
        inter, union = (p * m * w).sum(), ((p + m) * w).sum()
        parts.append((w * bce).sum() / w.sum() + 1 - (inter + 1) / (union - inter + 1))
    assert float(structure_loss(logits, mask)) == pytest.approx(float(sum(parts)) / 2, rel=1e-5)


def test_published_structure_loss_drops_the_weights_of_the_entropy() -> None:
    torch.manual_seed(0)
    logits = torch.randn(1, 1, 40, 40)
    mask = torch.zeros(1, 1, 40, 40)
    mask[..., 10:20, 10:30] = 1.0
    w = border_weights(mask)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, mask, reduction="none")
    difference = entropy.mean() - (w * entropy).sum() / w.sum()
    published = structure_loss(logits, mask, as_published=True)
    assert float(published - structure_loss(logits, mask)) == pytest.approx(float(difference), rel=1e-4)
    assert abs(float(difference)) > 1e-4


def test_lung_loss_counts_where_nothing_is_infected() -> None:
    logits = torch.zeros(1, 3, 2, 2, requires_grad=True)
    target = torch.zeros(1, 3, 2, 2)
    target[0, 0, 0, 0] = 1.0
    target[0, 2, 0, 1] = 1.0
    loss = lung_loss(logits, target)
    assert float(loss.detach()) == pytest.approx(3 * math.log(2) / (3 + 1))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert gradient[0, 2].sign().tolist() == [[0, -1], [1, 1]]
    assert not gradient[0, :2].any()


def test_slices_without_kinds_teach_no_kinds() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 8, 8, requires_grad=True)
    target = torch.zeros(2, 3, 8, 8)
    target[:, 0, :4] = 1.0
    for kinds in ([False, False], [True, False]):
        (gradient,) = torch.autograd.grad(map_loss(logits, target, torch.tensor(kinds)), logits)
        assert bool(gradient[0, 1].any()) is kinds[0]
        assert not gradient[1, 1].any()
        assert gradient[1, 0].any()


def test_edge_loss_is_least_at_the_outline() -> None:
    target = torch.zeros(1, 3, 16, 16)
    target[:, 0, 4:12, 4:12] = 1.0
    outline = torch.zeros(1, 1, 16, 16)
    outline[..., 3:13, 3:13] = 1.0
    outline[..., 5:11, 5:11] = 0.0
    right, wrong = 12 * outline - 6, 6 - 12 * outline
    assert float(edge_loss(right, target)) < 0.01
    assert float(edge_loss(wrong, target)) > 5


def test_total_loss_supervises_every_map_and_the_edge() -> None:
    torch.manual_seed(0)
    maps = [torch.randn(1, 3, s, s, requires_grad=True) for s in (32, 8, 4)]
    edge = torch.randn(1, 1, 8, 8, requires_grad=True)
    target = torch.zeros(1, 3, 32, 32)
    target[:, 0, 8:24, 8:24] = 1.0
    gradients = torch.autograd.grad(total_loss(maps, edge, target, torch.tensor([True])), [*maps, edge])
    assert all(bool(g.any()) for g in gradients)
    assert gradients[0].abs().sum() > gradients[1].abs().sum()


def test_dice_loss_by_hand() -> None:
    p, m = torch.tensor([0.5, 1.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])
    assert float(dice_loss(p, m)) == pytest.approx(1 - (2 * 1.5 + 1) / (1.5 + 2.0 + 1))


def test_class_loss_by_hand() -> None:
    logits = torch.tensor([[[[1.0, -2.0]], [[0.5, 3.0]], [[0.0, 0.0]]]])
    shares = torch.tensor([[[[0.3, 0.0]], [[0.6, 0.0]], [[0.0, 0.0]]]])
    i, c = 1 / (1 + math.exp(-1.0)), 1 / (1 + math.exp(-0.5))
    i2, c2 = 1 / (1 + math.exp(2.0)), 1 / (1 + math.exp(-3.0))
    share = 0.6 / 0.9
    entropy = 0.9 * -(share * math.log(c) + (1 - share) * math.log(1 - c)) / (0.9 + 1)
    ggo = 1 - (2 * i * (1 - c) * 0.3 + 1) / (i * (1 - c) + i2 * (1 - c2) + 0.3 + 1)
    con = 1 - (2 * i * c * 0.6 + 1) / (i * c + i2 * c2 + 0.6 + 1)
    expected = 0.5 * entropy + 0.5 * ggo + 1.0 * con
    assert float(class_loss(logits, shares)) == pytest.approx(expected, rel=1e-5)


def test_classes_are_not_learned_outside_of_the_infection() -> None:
    logits = torch.zeros(1, 3, 8, 8, requires_grad=True)
    shares = torch.zeros(1, 3, 8, 8)
    shares[:, 0, :4] = 1.0
    (gradient,) = torch.autograd.grad(
        torch.nn.functional.binary_cross_entropy_with_logits(logits[:, 1], shares[:, 1]), logits
    )
    assert gradient[:, 1, 6].abs().sum() > 0  # a plain cross entropy would
    entropy_only = (
        class_loss(logits, shares)
        - 0.5 * dice_loss(torch.sigmoid(logits[:, 0]) * (1 - torch.sigmoid(logits[:, 1])), shares[:, 0])
        - dice_loss(torch.sigmoid(logits[:, 0]) * torch.sigmoid(logits[:, 1]), shares[:, 1])
    )
    (gradient,) = torch.autograd.grad(entropy_only, logits)
    assert gradient[:, 1, :4].abs().min() > 1e-4
    assert gradient[:, 1, 4:].abs().max() < 1e-7
