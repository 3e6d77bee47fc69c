"""An answer that was computed on a device comes to the judge as one on the CPU, where the judge is."""

import torch

from attention_course.grading import wire


def test_a_tensor_of_a_device_arrives_on_the_cpu(sim):
    value = torch.arange(6.0).reshape(2, 3)
    [there] = wire.from_submission(wire.of_submission({"value": [value.to(sim), {"a": value.to(sim)}]})).values()
    assert torch.equal(there[0], value) and torch.equal(there[1]["a"], value)
    assert there[0].device.type == "cpu"
