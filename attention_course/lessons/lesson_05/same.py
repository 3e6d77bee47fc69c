"""The package's translator with the weights of the one that lesson 05 builds."""

import torch
from torch import nn

from attention_course.models.luong import Luong, MonotonicWindow, PredictiveWindow


@torch.no_grad()
def as_in_the_package(built: nn.Module, source_words: int, target_words: int) -> Luong:
    """`models.luong.Luong` of the usual sizes, with the bilinear score, that computes the same.

    The package takes the matrix of the decoder's cell apart, into the part of the word and that of what is fed back.
    """
    readers = {"encoder.forwards": built.encoder.rightward, "encoder.backwards": built.encoder.leftward}
    weights = {f"{name}.{key}_l0": value for name, cell in readers.items() for key, value in cell.state_dict().items()}
    decoder, size = built.decoder, built.decoder.embedding.embedding_dim
    window = getattr(decoder.look, "window", None)
    weights |= {f"first_state.{key}": value for key, value in built.first_state.state_dict().items()}
    weights |= {f"readout.{key}": value for key, value in decoder.join.state_dict().items()}
    weights |= {
        "encoder.embedding.weight": built.encoder.embedding.weight,
        "embedding.weight": decoder.embedding.weight,
        "bias": decoder.bias,
        "score.project_key.weight": decoder.look.score.W.weight.T,
        "cell.from_word.weight": decoder.cell.weight_ih[:, :size],
        "cell.from_word.bias": decoder.cell.bias_ih,
        "cell.from_context.weight": decoder.cell.weight_ih[:, size:],
        "cell.from_state.weight": decoder.cell.weight_hh,
        "cell.from_state.bias": decoder.cell.bias_hh,
    }
    theirs = None
    if hasattr(window, "W_p"):
        theirs = PredictiveWindow(decoder.cell.hidden_size, window.reach)
        weights |= {"window.project.weight": window.W_p.weight, "window.u.weight": window.u_p.weight}
    elif hasattr(window, "reach"):
        theirs = MonotonicWindow(window.reach)
    made = Luong(source_words, target_words, window=theirs).eval()
    made.load_state_dict(weights)
    return made
