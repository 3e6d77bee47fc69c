"""The captioner: maps that follow their regions, gradients everywhere, and the pictures' way through training."""

import numpy as np
import pytest
import torch
from factories import DeviceIsGiven
from torch.testing import assert_close

from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.decoding import beam, greedy
from attention_course.models.captioner import Album, Captioner, MeanCaptioner, doubly_stochastic
from attention_course.models.hard_attention import HardCaptioner, Reinforce, reinforce
from attention_course.training import sequence_loss, train

FEATURES = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0)).double()
PREVIOUS = pad([[BOS, 4, 5, 6], [BOS, 7], [BOS, 3, 9], [BOS, 8, 8, 8]])
TARGET = pad([[4, 5, 6, EOS], [7, EOS], [3, 9, EOS], [8, 8, 8, EOS]])
SIZES = {"size": 8, "embedding_size": 6, "decoder_size": 10, "score_size": 7, "dropout": 0.0}
KINDS = [Captioner, MeanCaptioner, HardCaptioner]


def new(kind=Captioner, features=FEATURES, words=11, **options):
    torch.manual_seed(0)
    model = kind(features, words, **SIZES | options).double().eval()
    for name, parameter in model.named_parameters():
        if not name.startswith("norm"):
            torch.nn.init.normal_(parameter, std=0.7)
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_each_map_sums_to_one(kind):
    logits, weights = new(kind)(FEATURES, PREVIOUS)
    assert logits.shape == (4, 4, 11) and weights.shape == (4, 4, 9)
    assert_close(weights.sum(-1), torch.ones(4, 4).double())
    assert (weights >= 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_regions_permuted_with_their_places_permute_the_maps(kind):
    model, order = new(kind), torch.randperm(9, generator=torch.Generator().manual_seed(1))
    logits, weights = model(FEATURES, PREVIOUS)
    model.places.data = model.places.data[order]
    permuted_logits, permuted = model(FEATURES[:, order], PREVIOUS)
    assert_close(permuted, weights[..., order])
    assert_close(permuted_logits, logits)


def test_without_their_places_the_maps_change():
    model, order = new(), torch.arange(9).flip(0)
    assert not torch.allclose(model(FEATURES[:, order], PREVIOUS)[1], model(FEATURES, PREVIOUS)[1][..., order])


def test_the_equations_one_region_at_a_time():
    model = new()
    regions, state = model.encode(FEATURES)
    word = model.embedding(PREVIOUS[:, 0])
    context, weights = model.look(word, state, regions)
    score = model.score
    for b in range(4):
        query = score.project_query.weight @ torch.cat([state[b], word[b]])
        scores = torch.stack(
            [score.u @ torch.tanh(score.project_key.weight @ h + query) for h in regions.annotations[b]]
        )
        assert_close(weights[b], scores.exp() / scores.exp().sum())
        assert_close(context[b], sum(a * h for a, h in zip(weights[b], regions.annotations[b], strict=True)))


def test_switched_off_it_looks_everywhere_alike():
    model = new(MeanCaptioner)
    _, weights = model(FEATURES, PREVIOUS)
    assert_close(weights, torch.full_like(weights, 1 / 9))
    regions, state = model.encode(FEATURES)
    assert_close(model.look(model.embedding(PREVIOUS[:, 0]), state, regions)[0], regions.annotations.mean(1))


@pytest.mark.parametrize("kind", KINDS)
def test_steps_give_what_forward_gives(kind):
    model = new(kind)
    logits, weights = model(FEATURES, PREVIOUS)
    regions, state = model.encode(FEATURES)
    for t, words in enumerate(PREVIOUS.unbind(1)):
        step_logits, state, looked = model.step(words, state, regions)
        assert_close(step_logits, logits[:, t])
        assert_close(looked, weights[:, t])


def test_gradients_reach_every_parameter():
    model = new().train()
    sequence_loss(model(FEATURES, PREVIOUS)[0], TARGET).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_features_are_standardised_and_half_precision_is_taken():
    shifted = FEATURES * torch.tensor([1.0, 10, 100, 0.1, 3]) + 50
    assert_close(new()(FEATURES, PREVIOUS)[0], new(features=shifted)(shifted, PREVIOUS)[0], rtol=2e-2, atol=2e-2)
    assert new()(FEATURES.half(), PREVIOUS)[0].dtype == torch.float64


def test_an_album_stands_where_a_translator_does():
    album = Album(new(), FEATURES)
    words, weights = greedy(album, torch.tensor([[2], [0]]), max_length=6)
    direct = album.captioner.encode(FEATURES[[2, 0]])
    logits, _, looked = album.captioner.step(torch.tensor([BOS, BOS]), direct[1], direct[0])
    assert torch.equal(words[:, 0], logits.argmax(-1))
    assert_close(weights[:, 0], looked)
    assert len(beam(album, torch.tensor([[1]]), width=3, max_length=4)[0]) == 3
    assert "features" not in album.state_dict()


def test_it_learns_a_few_pictures():
    torch.manual_seed(0)
    album = Album(Captioner(FEATURES.float(), 11, **SIZES), FEATURES.float())
    examples = [([i], [BOS, *[w for w in row if w]]) for i, row in enumerate(TARGET.tolist())]
    train(album, examples, target_tokens=6000, learning_rate=2e-2, batch_tokens=20, progress=False)
    words, _ = greedy(album, torch.arange(4)[:, None], max_length=5)
    for said, wanted in zip(words.tolist(), TARGET.tolist(), strict=True):
        assert said[: said.index(EOS) + 1] == [w for w in wanted if w]


def test_training_takes_a_loss_of_its_own():
    """Hard attention learns to say what no look is needed for, with REINFORCE for its loss."""
    torch.manual_seed(0)
    album, loss = Album(HardCaptioner(FEATURES.float(), 11, **SIZES), FEATURES.float()), Reinforce(max_length=8)
    examples = [([i], [BOS, 4, 5, EOS]) for i in range(4)]
    run = train(album, examples, target_tokens=2000, learning_rate=2e-2, batch_tokens=12, loss=loss, progress=False)
    assert run.losses[-1] != run.losses[0] and loss.baseline[0] < 0
    words, _ = greedy(album, torch.arange(4)[:, None], max_length=4)
    assert words[:, :3].tolist() == [[4, 5, EOS]] * 4


def test_no_tensor_is_made_without_a_device():
    models, album = [new(kind) for kind in KINDS], Album(new(HardCaptioner).train(), FEATURES)
    loss = Reinforce().double()
    with DeviceIsGiven():
        for model in models:
            model(FEATURES, PREVIOUS)
        loss(album, torch.arange(4, device="cpu").unsqueeze(1), TARGET)


def test_another_number_of_regions_or_channels_is_refused():
    with pytest.raises(ValueError, match=r"features: expected \(batch, 9, 5\), got \(4, 8, 5\)"):
        new().encode(FEATURES[:, :8])
    with pytest.raises(ValueError, match=r"got \(4, 9, 4\)"):
        new().encode(FEATURES[..., :4])


def test_the_penalty_against_a_loop():
    weights = torch.rand(3, 4, 6).double().softmax(-1)
    counts = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]).double()
    expected = []
    for picture, counted in zip(weights, counts, strict=True):
        for region in picture.T:
            expected.append((1 - sum(a * c for a, c in zip(region, counted, strict=True))) ** 2)
    assert_close(doubly_stochastic(weights, counts), sum(expected) / len(expected))


def test_the_penalty_is_least_where_all_regions_get_the_same():
    even, ones = torch.full((1, 4, 10), 0.1).double(), torch.ones(1, 4).double()
    least = doubly_stochastic(even, ones).item()
    assert least == pytest.approx((1 - 4 / 10) ** 2)
    for seed in range(5):
        other = torch.randn(1, 4, 10, generator=torch.Generator().manual_seed(seed)).double().softmax(-1)
        assert doubly_stochastic(other, ones) > least


# Hard attention


def choices(steps=2, regions=3):
    """Every way to choose a region at each of the steps."""
    return torch.cartesian_prod(*[torch.arange(regions)] * steps)


def small_hard():
    features = FEATURES[:1, :3]
    model = new(HardCaptioner, FEATURES[:, :3]).train()
    return model, features, torch.tensor([[BOS, 4]]), torch.tensor([[4, 5]])


def log_words(logits, target):
    return logits.log_softmax(-1).gather(-1, target.unsqueeze(-1)).squeeze(-1)


def exact_gradient():
    """Of the sum over all choices s of p(s) log p(words | s)."""
    model, features, previous, target = small_hard()
    total = 0
    for chosen in choices():
        logits, log_draws = model.follow(features, previous, chosen.unsqueeze(0))
        total = total + log_draws.sum().exp() * log_words(logits, target).sum()
    return gradient(model, total)


def gradient(model, value):
    found = torch.autograd.grad(value, list(model.parameters()), allow_unused=True)
    return torch.cat([g.flatten() for g in found if g is not None])


@pytest.mark.parametrize("baseline", [[0.0, 0.0], [-3.0, 5.0]])
def test_the_estimate_is_right_on_average(baseline):
    """Each choice's estimate, weighted with the choice's probability: the exact gradient, whatever the baseline."""
    model, features, previous, target = small_hard()
    average = 0
    for chosen in choices():
        logits, log_draws = model.follow(features, previous, chosen.unsqueeze(0))
        value = reinforce(log_words(logits, target), log_draws, torch.tensor(baseline).double())
        average = average + log_draws.sum().exp().item() * gradient(model, value.sum())
    assert_close(average, exact_gradient(), rtol=1e-9, atol=1e-9)


def test_draws_come_near_it():
    model, features, previous, target = small_hard()
    torch.manual_seed(1)
    n = 20_000
    logits, log_draws = model.follow(features.expand(n, -1, -1), previous.expand(n, -1))
    logs = log_words(logits, target.expand(n, -1))
    baseline = logs.detach().flip(-1).cumsum(-1).flip(-1).mean(0)
    estimate, exact = gradient(model, reinforce(logs, log_draws, baseline).mean()), exact_gradient()
    assert (estimate - exact).norm() < 0.05 * exact.norm()


def test_a_baseline_makes_draws_scatter_less():
    model, features, previous, target = small_hard()
    spread = []
    for baseline in (torch.zeros(2).double(), torch.tensor([-5.0, -2.5]).double()):
        torch.manual_seed(2)
        found = []
        for _ in range(60):
            logits, log_draws = model.follow(features, previous)
            found.append(gradient(model, reinforce(log_words(logits, target), log_draws, baseline).sum()))
        spread.append(torch.stack(found).var(0).sum())
    assert spread[1] < spread[0]


def test_draws_follow_the_weights_and_evaluation_takes_the_largest():
    model, features, previous, _ = small_hard()
    regions, state = model.encode(features.expand(5000, -1, -1))
    word = model.embedding(previous[:, 0]).expand(5000, -1)
    torch.manual_seed(0)
    contexts, weights = model.look(word, state, regions)
    drawn = torch.cdist(contexts, regions.annotations[0]).argmin(-1)
    assert_close(drawn.bincount(minlength=3) / 5000, weights[0].float().detach(), atol=0.03, rtol=0)
    contexts, weights = model.eval().look(word, state, regions)
    assert_close(contexts[0], regions.annotations[0, weights[0].argmax()])


def test_the_loss_of_training_moves_its_baseline_and_skips_padding():
    album, loss = Album(new(HardCaptioner).train(), FEATURES), Reinforce(max_length=8).double()
    target = pad([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS]])
    torch.manual_seed(0)
    first = loss(album, torch.tensor([[0], [1]]), target)
    assert first.isfinite() and (loss.baseline[:4] < 0).all() and (loss.baseline[4:] == 0).all()
    torch.manual_seed(0)
    again = Reinforce(max_length=8).double()
    wider = torch.nn.functional.pad(target, (0, 2))
    np.testing.assert_allclose(again(album, torch.tensor([[0], [1]]), wider).item(), first.item(), atol=2.0)
    assert_close(again.baseline[4:], torch.zeros(4).double())


BATCH = torch.tensor([[0], [1]]), pad([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS]])


def test_the_loss_writes_nothing_in_place():
    """So the first loss can be lowered after the second has been computed."""
    album, loss = Album(new(HardCaptioner).train(), FEATURES), Reinforce(max_length=8).double()
    before = loss.baseline
    first, kept = loss(album, *BATCH), loss.baseline
    copy = kept.clone()
    second = loss(album, *BATCH)
    assert not before.any() and kept.equal(copy) and not loss.baseline.equal(kept)
    (first + second).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in album.parameters())


@pytest.mark.parametrize("of_loss, of_model", [(torch.float32, torch.float64), (torch.float64, torch.float32)])
def test_the_loss_goes_with_the_model_to_its_precision(of_loss, of_model):
    album, loss = Album(new(HardCaptioner).train().to(of_model), FEATURES), Reinforce(max_length=8).to(of_loss)
    assert loss(album, *BATCH).dtype == of_model
    assert loss.baseline.dtype == of_loss and loss.baseline[0] < 0


def test_the_loss_goes_with_the_model_to_its_device():
    album, loss = Album(new(HardCaptioner).train(), FEATURES).to("meta"), Reinforce(max_length=8)
    assert loss(album, *(part.to("meta") for part in BATCH)).device.type == "meta"
    assert loss.baseline.device.type == "meta"


def test_training_takes_a_loss_to_the_model_s_device():
    moved = []

    class Loss(torch.nn.Module):
        def to(self, device):
            moved.append(device)
            return self

        def forward(self, album, source, target):
            return sequence_loss(album(source, target[:, :-1])[0], target[:, 1:])

    album = Album(Captioner(FEATURES.float(), 11, **SIZES), FEATURES.float())
    train(album, [([0], [BOS, 4, EOS])], target_tokens=2, learning_rate=1e-2, loss=Loss(), progress=False)
    assert set(moved) == {torch.device("cpu")}


def test_captions_longer_than_the_baseline_are_told():
    album, loss = Album(new(HardCaptioner).train(), FEATURES), Reinforce(max_length=3)
    with pytest.raises(ValueError, match="target: expected at most max_length = 3 words a caption, got 4"):
        loss(album, *BATCH)
    assert Reinforce(max_length=4)(album, *BATCH).isfinite()


def test_a_captioner_made_in_another_precision_standardises_in_it():
    torch.set_default_dtype(torch.float64)
    try:
        captioner = Captioner(FEATURES.float(), 11, **SIZES)
    finally:
        torch.set_default_dtype(torch.float32)
    assert captioner(FEATURES.float(), PREVIOUS)[0].dtype == torch.float64
