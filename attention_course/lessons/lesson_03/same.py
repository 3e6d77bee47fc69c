"""The package's translator with the weights of the one that lesson 03 builds."""

import torch
from torch import nn

from attention_course.models.seq2seq import EncoderDecoder


@torch.no_grad()
def one_vector(built: nn.Module, source_words: int, target_words: int) -> EncoderDecoder:
    """`models.seq2seq.EncoderDecoder` of the same sizes that computes the same."""
    cells = {"encoder.forwards": built.encoder.rightward, "encoder.backwards": built.encoder.leftward}
    cells["rnn"] = built.decoder.cell
    weights = {f"{name}.{key}_l0": value for name, cell in cells.items() for key, value in cell.state_dict().items()}
    weights |= {f"first_state.{key}": value for key, value in built.first_state.state_dict().items()}
    weights |= {f"readout.{key}": value for key, value in built.decoder.readout.state_dict().items()}
    weights["encoder.embedding.weight"] = built.encoder.embedding.weight
    weights["embedding.weight"], weights["bias"] = built.decoder.embedding.weight, built.decoder.bias
    made = EncoderDecoder(source_words, target_words).eval()
    made.load_state_dict(weights)
    return made
