"""The sequence-to-sequence model with Bahdanau attention of "Dive into Deep Learning", section 11.4, and its training.

What d2l 1.0.3 exports is used as it is: encoder, attention, loss, initialisation, clipping, Adam. The decoder and the
mask of the loss (section 10.7) stand in the book's text alone; they are written here anew, with the same operations.
"""

import sys
from types import ModuleType

import torch
from torch import nn

from attention_course.training import warm_up_then_decay

# d2l imports torchvision for its chapters on pictures; nothing here calls it.
for name in ("torchvision", "torchvision.transforms"):
    sys.modules.setdefault(name, ModuleType(name))

from d2l import torch as d2l  # noqa: E402

SIZES = {"embed_size": 256, "num_hiddens": 256, "num_layers": 2, "dropout": 0.2}  # as in the chapter
LEARNING_RATE, CLIP, BATCH = 0.005, 1, 128


class Decoder(d2l.AttentionDecoder):
    """At each word the last state of the top layer looks at the encoder's outputs; a GRU is told word and context."""

    def __init__(self, words: int, embed_size: int, num_hiddens: int, num_layers: int, dropout: float):
        super().__init__()
        self.attention = d2l.AdditiveAttention(num_hiddens, dropout)
        self.embedding = nn.Embedding(words, embed_size)
        self.rnn = nn.GRU(embed_size + num_hiddens, num_hiddens, num_layers, dropout=dropout)
        self.dense = nn.LazyLinear(words)
        self.apply(d2l.init_seq2seq)

    def init_state(self, encoded, lengths):
        outputs, hidden = encoded  # (S, B, hiddens), (layers, B, hiddens)
        return outputs.transpose(0, 1), hidden, lengths

    def forward(self, previous, state):
        annotations, hidden, lengths = state
        outputs, self.weights = [], []
        for word in self.embedding(previous).transpose(0, 1):  # (B, embed)
            context = self.attention(hidden[-1].unsqueeze(1), annotations, annotations, lengths)  # (B, 1, hiddens)
            joined = torch.cat([context, word.unsqueeze(1)], -1)
            output, hidden = self.rnn(joined.transpose(0, 1), hidden)  # (1, B, hiddens)
            outputs.append(output)
            self.weights.append(self.attention.attention_weights)
        return self.dense(torch.cat(outputs)).transpose(0, 1), (annotations, hidden, lengths)


class WordByWord(nn.Module):
    """The trained model as `attention_course.decoding` asks for it, with the batch first everywhere."""

    def __init__(self, model: nn.Module, pad: int):
        super().__init__()
        self.model, self.pad = model, pad

    def encode(self, source):
        lengths = (source != self.pad).sum(-1)
        annotations, hidden, _ = self.model.decoder.init_state(self.model.encoder(source), lengths)
        return (annotations, lengths), hidden.transpose(0, 1)

    def step(self, previous, state, memory):
        annotations, lengths = memory
        hidden = state.transpose(0, 1).contiguous()
        logits, (_, hidden, _) = self.model.decoder(previous.unsqueeze(1), (annotations, hidden, lengths))
        return logits.squeeze(1), hidden.transpose(0, 1), None


class Peer:
    """The model of the chapter for two vocabularies, and its training."""

    def __init__(self, source_words: int, target_words: int, pad: int):
        self.pad = pad
        encoder, decoder = d2l.Seq2SeqEncoder(source_words, **SIZES), Decoder(target_words, **SIZES)
        self.model = d2l.Seq2Seq(encoder, decoder, tgt_pad=pad, lr=LEARNING_RATE)
        word = torch.ones(1, 1, dtype=torch.long)
        self.model(word, word, torch.ones(1))  # its lazy layers take their sizes from the first call
        self.optimizer = self.model.configure_optimizers()
        self.trainer = d2l.Trainer(max_epochs=1, gradient_clip_val=CLIP)

    def train(self, batches, target_tokens: int, autocast: bool) -> None:
        """Train on a budget, with our schedule: warm-up, then decay to zero. d2l's own learning rate is constant."""
        seen = 0
        for source, target in batches:
            if seen >= target_tokens:
                break
            for group in self.optimizer.param_groups:
                group["lr"] = LEARNING_RATE * warm_up_then_decay(seen / target_tokens)
            self.step(source, target, autocast)
            seen += int((target[:, 1:] != self.pad).sum())

    def step(self, source, target, autocast: bool) -> None:
        """d2l's `fit_epoch` for one batch, without its plot. Autocast is ours: d2l has float32 only."""
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            logits = self.model(source, target[:, :-1], (source != self.pad).sum(-1))
        losses = self.model.loss(logits.float(), target[:, 1:], averaged=False)
        mask = (target[:, 1:].reshape(-1) != self.pad).float()
        loss = (losses * mask).sum() / mask.sum()
        self.optimizer.zero_grad()
        with torch.no_grad():
            loss.backward()
            self.trainer.clip_gradients(CLIP, self.model)
            self.optimizer.step()
