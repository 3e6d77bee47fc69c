"""Automatic mixed precision as CUDA has it, whose lists of operations are not those of a CPU."""

import torch

from .refusals import NAME

aten = torch.ops.aten
HALF = """addmm addmv addr addbmm baddbmm bmm mm mv matmul linear linalg_vecdot linalg_multi_dot chain_matmul prelu
    convolution conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d conv_tbc
    gru lstm rnn_tanh rnn_relu gru_cell lstm_cell rnn_tanh_cell rnn_relu_cell scaled_dot_product_attention"""
SINGLE = """acos asin cosh erfinv exp expm1 log log10 log2 log1p reciprocal rsqrt sinh tan pow softplus
    layer_norm native_layer_norm group_norm rms_norm frobenius_norm nuclear_norm cosine_similarity poisson_nll_loss
    cosine_embedding_loss nll_loss nll_loss2d hinge_embedding_loss kl_div l1_loss smooth_l1_loss huber_loss mse_loss
    margin_ranking_loss multilabel_margin_loss soft_margin_loss triplet_margin_loss multi_margin_loss
    binary_cross_entropy_with_logits dist pdist cdist renorm logsumexp
    prod softmax log_softmax cumprod cumsum linalg_vector_norm linalg_matrix_norm sum norm"""
WIDEST = """addcdiv addcmul atan2 bilinear cross dot vdot grid_sampler index_put tensordot scatter_add cat stack"""


def register(library) -> None:
    """Put the casts in front of the operations that have them."""
    for names, choose in ((HALF, half), (SINGLE, single), (WIDEST, widest)):
        for packet in (getattr(aten, name) for name in names.split()):
            for op in (getattr(packet, overload) for overload in packet.overloads()):
                if not op._schema.is_mutable:
                    library.impl(op, in_precision(op, choose), "AutocastPrivateUse1")


def half(tensors) -> torch.dtype:
    return torch.get_autocast_dtype(NAME)


def single(tensors) -> torch.dtype:
    return torch.float32


def widest(tensors) -> torch.dtype:
    return torch.float32 if any(x.dtype == torch.float32 for x in tensors) else torch.get_autocast_dtype(NAME)


def in_precision(op, choose):
    def cast(x, dtype):
        if isinstance(x, list | tuple):
            return type(x)([cast(part, dtype) for part in x])
        return x.to(dtype) if is_cast(x) else x

    def kernel(*args, **kwargs):
        dtype = choose([x for x in flat([args, list(kwargs.values())]) if is_cast(x)])
        with torch.autocast(NAME, enabled=False):
            return op(*cast(args, dtype), **{name: cast(x, dtype) for name, x in kwargs.items()})

    return kernel


def is_cast(x) -> bool:
    ours = isinstance(x, torch.Tensor) and x.device.type == NAME
    return ours and x.is_floating_point() and x.dtype != torch.float64


def flat(x) -> list:
    return [leaf for part in x for leaf in flat(part)] if isinstance(x, list | tuple) else [x]
