"""A learning step and act() of eager PyTorch on one thread: the networks of src/engine/measured.ts, PPO's loss, Adam.
Arguments: networks, rows, device. Prints JSON: microseconds, medians."""

import json
import statistics
import sys
import time

import torch
from torch import nn

networks, sizes = sys.argv[1].split(","), [int(rows) for rows in sys.argv[2].split(",")]
device = torch.device(sys.argv[3] if len(sys.argv) > 3 else "cpu")
torch.set_num_threads(1)
ACTIONS, ACTING, SLICE = 2, 8, 0.5


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        layers = lambda outputs: nn.Sequential(
            nn.Linear(4, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, outputs)
        )
        self.actor, self.critic = layers(ACTIONS), layers(1)

    def forward(self, x):
        return self.actor(x), self.critic(x)[:, 0]


class Cnn(nn.Module):
    def __init__(self, convolutions, features, hidden):
        super().__init__()
        self.trunk = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(features, hidden), nn.ReLU())
        self.actor, self.critic = nn.Linear(hidden, ACTIONS), nn.Linear(hidden, 1)

    def forward(self, x):
        seen = self.trunk(x)
        return self.actor(seen), self.critic(seen)[:, 0]


conv = lambda i, o, k, s: [nn.Conv2d(i, o, k, s), nn.ReLU()]
make = {
    "mlp64": lambda: (Mlp(64), (4,)),
    "mlp256": lambda: (Mlp(256), (4,)),
    "small": lambda: (Cnn(conv(4, 16, 3, 1) + conv(16, 32, 3, 1), 1152, 128), (4, 10, 10)),
    "nature": lambda: (Cnn(conv(4, 32, 8, 4) + conv(32, 64, 4, 2) + conv(64, 64, 3, 1), 3136, 512), (4, 84, 84)),
}


def median(call):
    samples, end = [], time.perf_counter() + SLICE
    call()
    while not samples or time.perf_counter() < end:
        begin = time.perf_counter()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize()
        samples.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(samples)


def measure(network, rows):
    model, shape = make[network]()
    model.to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0, eps=1e-5)
    x = torch.randn(rows, *shape, device=device)
    advantages, returns, old_values = torch.randn(3, rows, device=device)
    old, actions = torch.full((rows,), -0.7, device=device), torch.zeros(rows, dtype=torch.long, device=device)

    def gradients():
        optimizer.zero_grad()
        logits, values = model(x)
        chosen = torch.distributions.Categorical(logits=logits)
        ratio = (chosen.log_prob(actions) - old).exp()
        policy = -torch.min(ratio * advantages, ratio.clamp(0.8, 1.2) * advantages).mean()
        moved = old_values + (values - old_values).clamp(-0.2, 0.2)
        value = 0.5 * torch.max((values - returns) ** 2, (moved - returns) ** 2).mean()
        (policy + 0.5 * value - 0.01 * chosen.entropy().mean()).backward()

    def step():
        gradients()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()

    @torch.no_grad()
    def act():
        logits, _ = model(x[:ACTING])
        chosen = torch.distributions.Categorical(logits=logits)
        chosen.log_prob(chosen.sample()).cpu()

    times = {"gradients": median(gradients), "step": median(step), "act8": median(act)}
    return {"engine": f"PyTorch {torch.__version__}, {device.type}", "network": network, "rows": rows, **times}


print(json.dumps([measure(network, rows) for network in networks for rows in sizes]))
