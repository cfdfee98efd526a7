"""
PPO in eager PyTorch, data-parallel by DistributedDataParallel over Gloo: python torch_ppo.py RANKS. Environments are
Gymnasium's; settings are CleanRL's or PufferLib's, shared out over the ranks.
"""
import sys
import tempfile

import gymnasium
import numpy
import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from common import SETTINGS, TOTAL, Clock
from torch import nn


def network(outputs, gain):
    layers = [nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)]
    for layer, scale in zip(layers[::2], (2**0.5, 2**0.5, gain)):
        nn.init.orthogonal_(layer.weight, scale)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.actor, self.critic = network(2, 0.01), network(1, 1.0)

    def forward(self, observations):
        return self.actor(observations), self.critic(observations).squeeze(-1)


def log_softmax_of(logits, actions):
    logs = torch.log_softmax(logits, -1)
    return logs, logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1)


def train(rank, size, folder):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    if size > 1:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=size)
    agent = Agent()
    learner = nn.parallel.DistributedDataParallel(agent) if size > 1 else agent
    optimizer = torch.optim.Adam(agent.parameters(), lr=SETTINGS["lr"], eps=1e-5, fused=True)
    envs_here, steps = SETTINGS["envs"] // size, SETTINGS["steps"]
    torch.manual_seed(rank + 2)
    mode = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}
    envs = gymnasium.make_vec("CartPole-v1", envs_here, vectorization_mode="sync", vector_kwargs=mode)
    observation, _ = envs.reset(seed=rank + 1)
    rows = envs_here * steps
    clock, returns, done_steps = Clock(), numpy.zeros(envs_here), 0
    stop = torch.zeros(1)
    observations, actions = torch.zeros(steps, envs_here, 4), torch.zeros(steps, envs_here, dtype=torch.long)
    logs, values, rewards, ends = (torch.zeros(steps + 1, envs_here) for _ in range(4))
    while stop == 0:
        for group in optimizer.param_groups:
            group["lr"] = SETTINGS["lr"] * max(0.0, 1 - done_steps / TOTAL)
        with torch.no_grad():
            for t in range(steps):
                observations[t] = torch.from_numpy(observation)
                logits, values[t] = agent(observations[t])
                actions[t] = torch.multinomial(torch.softmax(logits, -1), 1).squeeze(-1)
                logs[t] = log_softmax_of(logits, actions[t])[1]
                observation, reward, terminated, truncated, _ = envs.step(actions[t].numpy())
                ended = terminated | truncated
                returns += reward
                clock.episodes(returns[ended].tolist())
                returns[ended] = 0
                rewards[t], ends[t] = torch.from_numpy(reward), torch.from_numpy(ended).float()
            values[steps] = agent(torch.from_numpy(observation))[1]
            advantages, last = torch.zeros(steps, envs_here), torch.zeros(envs_here)
            for t in reversed(range(steps)):
                going = 1 - ends[t]
                delta = rewards[t] + 0.99 * values[t + 1] * going - values[t]
                advantages[t] = last = delta + 0.99 * 0.95 * going * last
        flat = [x.reshape(rows, *x.shape[2:]) for x in (observations, actions, logs[:-1], values[:-1], advantages)]
        targets = flat[3] + flat[4]
        batch = SETTINGS["batch"] // size
        for _ in range(SETTINGS["epochs"]):
            for chosen in torch.randperm(rows).split(batch):
                seen, taken, old, value, advantage = (x[chosen] for x in flat)
                logits, new_value = learner(seen)
                all_logs, new = log_softmax_of(logits, taken)
                ratio = (new - old).exp()
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                policy_loss = torch.max(-advantage * ratio, -advantage * ratio.clamp(0.8, 1.2)).mean()
                clipped = value + (new_value - value).clamp(-0.2, 0.2)
                error = torch.max((new_value - targets[chosen]) ** 2, (clipped - targets[chosen]) ** 2)
                entropy = -(all_logs.exp() * all_logs).sum(-1).mean()
                optimizer.zero_grad()
                (policy_loss + 0.5 * 0.5 * error.mean() - 0.01 * entropy).backward()
                nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
                optimizer.step()
        done_steps += rows * size
        stop[0] = float(clock.update(done_steps))
        if size > 1:
            dist.broadcast(stop, 0)
    if rank == 0:
        clock.show("eager PyTorch" + (f", DDP over Gloo, np {size}" if size > 1 else ""))
    if size > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    size = int(sys.argv[1])
    if size == 1:
        train(0, 1, "")
    else:
        with tempfile.TemporaryDirectory() as folder:
            multiprocessing.spawn(train, (size, folder), nprocs=size)
