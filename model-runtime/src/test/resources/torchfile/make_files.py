"""Writes the files of this folder with torch.save (made with PyTorch 1.13, NumPy 1.24)."""
import argparse, collections, pathlib, sys, types
import numpy as np
import torch

torch.manual_seed(5)

values = {
    "integer": 3, "large": 2**70, "least": -(2**63), "number": 0.1, "infinite": float("inf"),
    "text": "h\u00e9\n\U0001F600", "bytes": b"\x00\xffab", "no_bytes": b"", "none": None, "true": True,
    "list": [1, [2, (3,)]], "tuple": (1, 2, "x"), "set": {7}, "frozen": frozenset([3]),
    "namespace": argparse.Namespace(lr=1e-4, nothing=None, path=pathlib.PurePosixPath("/a/b")),
    "simple": types.SimpleNamespace(q=1), "default": collections.defaultdict(dict, {1: 2}),
    "ordered": collections.OrderedDict(a=1), "counter": collections.Counter("aab"), "deque": collections.deque([1, 2]),
    "np_float": np.float64(2.5), "np_int": np.int64(-7), "np_byte": np.uint8(200), "np_bool": np.bool_(True),
    "array": np.arange(6, dtype=np.uint32).reshape(2, 3), "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "dtype": torch.bfloat16, "size": torch.Size([2, 3]), "device": torch.device("cuda:1"),
    "keys": {(1, 2): "t", None: 0, 1.5: 2, b"k": 1}, "mutable_bytes": bytearray(b"xyz"),
}
for protocol in (2, 5):
    torch.save(values, f"values_protocol{protocol}.pt", pickle_protocol=protocol)
torch.save(values, "values_legacy.pt", _use_new_zipfile_serialization=False)
torch.save(values, "values_protocol1_legacy.pt", pickle_protocol=1, _use_new_zipfile_serialization=False)

net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
state = net.state_dict()
torch.save(state, "bare.pt")
torch.save({"model": {"module._orig_mod." + k: v for k, v in state.items()}, "loss": torch.tensor(1.0)}, "wrapped.pt")

# Lightning's container without Lightning.
name = "pytorch_lightning.utilities.parsing"
for module in ("pytorch_lightning", "pytorch_lightning.utilities", name):
    sys.modules[module] = types.ModuleType(module)
AttributeDict = type("AttributeDict", (dict,), {"__module__": name})
sys.modules[name].AttributeDict = AttributeDict
optimizer = torch.optim.AdamW(net.parameters())
net(torch.randn(5, 4)).sum().backward()
optimizer.step()
torch.save({
    "epoch": 3, "pytorch-lightning_version": "1.9.0",
    "state_dict": collections.OrderedDict(
        [("model." + k, v) for k, v in state.items()] + [("ema_model." + k, v + 1) for k, v in state.items()]),
    "optimizer_states": [optimizer.state_dict()],
    "callbacks": {"ModelCheckpoint": {"best_k_models": {"/a/b.ckpt": torch.tensor(0.5)}}},
    "hyper_parameters": AttributeDict(lr=1e-3, size=8),
}, "lightning.pt")

base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
tagged = torch.nn.Parameter(base)
tagged.note = "kept by its owner"
torch.save({"tagged": tagged, "storage": base.storage(), "again": base}, "attributes.pt")
torch.save({"s": torch.eye(3).to_sparse()}, "sparse.pt")
torch.save({"c": torch.zeros(2, dtype=torch.complex64)}, "complex.pt")
torch.save({"q": torch.quantize_per_tensor(torch.zeros(3), 0.1, 0, torch.qint8)}, "quantized.pt")
torch.save(net, "whole_module.pt")
torch.jit.script(torch.nn.Linear(1, 1)).save("torchscript.pt")
