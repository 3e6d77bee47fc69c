"""The package's translator with the weights of the one that lesson 04 builds."""

import torch
from torch import nn

from attention_course.models.seq2seq import RNNsearch


@torch.no_grad()
def as_in_the_package(built: nn.Module, source_words: int, target_words: int) -> RNNsearch:
    """`models.seq2seq.RNNsearch` of the same sizes that computes the same.

    The package takes the matrix of the decoder's cell apart, into the part of the word and that of the context.
    """
    readers = {"encoder.forwards": built.encoder.rightward, "encoder.backwards": built.encoder.leftward}
    weights = {f"{name}.{key}_l0": value for name, cell in readers.items() for key, value in cell.state_dict().items()}
    decoder, size = built.decoder, built.decoder.embedding.embedding_dim
    weights |= {f"first_state.{key}": value for key, value in built.first_state.state_dict().items()}
    weights |= {f"readout.{key}": value for key, value in decoder.readout.state_dict().items()}
    weights |= {
        "encoder.embedding.weight": built.encoder.embedding.weight,
        "embedding.weight": decoder.embedding.weight,
        "bias": decoder.bias,
        "score.project_query.weight": built.attention.W_q.weight,
        "score.project_key.weight": built.attention.W_k.weight,
        "score.u": built.attention.u,
        "cell.from_word.weight": decoder.cell.weight_ih[:, :size],
        "cell.from_word.bias": decoder.cell.bias_ih,
        "cell.from_context.weight": decoder.cell.weight_ih[:, size:],
        "cell.from_state.weight": decoder.cell.weight_hh,
        "cell.from_state.bias": decoder.cell.bias_hh,
    }
    made = RNNsearch(source_words, target_words).eval()
    made.load_state_dict(weights)
    return made
