"""Gloo (torch.distributed) over TCP on the loopback: float32 sums, timed as allreduce.ts times ours.

    python allreduce.py RANKS BYTES,BYTES,...      prints one JSON array
"""

import json
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

SECONDS = 1.0  # for a size
MOST_CALLS = 2000


def measure(length: int, rank: int) -> list[float]:
    """Microseconds of each call."""
    array = torch.zeros(length)
    for _ in range(10):
        dist.all_reduce(array)
    start = time.perf_counter()
    for _ in range(10):
        dist.all_reduce(array)
    fit = SECONDS / ((time.perf_counter() - start) / 10)
    calls = torch.tensor([min(MOST_CALLS, max(10, int(fit)))])
    dist.broadcast(calls, 0)
    samples = []
    for _ in range(int(calls)):
        start = time.perf_counter()
        dist.all_reduce(array)
        samples.append((time.perf_counter() - start) * 1e6)
    return samples


def work(rank: int, size: int, store: str, sizes: list[int]) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{store}/store", rank=rank, world_size=size)
    rows = []
    for bytes_ in sizes:
        everybody = [None] * size
        dist.all_gather_object(everybody, measure(bytes_ // 4, rank))
        samples = sorted(sample for own in everybody for sample in own)
        p50, p99 = (samples[int(q * (len(samples) - 1))] for q in (0.5, 0.99))
        rows.append({"bytes": bytes_, "transport": "gloo", "algorithm": "gloo", "np": size, "p50us": p50, "p99us": p99})
    if rank == 0:
        print(json.dumps(rows))
    dist.destroy_process_group()


if __name__ == "__main__":
    ranks, sizes = int(sys.argv[1]), [int(size) for size in sys.argv[2].split(",")]
    with tempfile.TemporaryDirectory() as store:
        mp.spawn(work, (ranks, store, sizes), nprocs=ranks)
