"""What every peer's PPO shares: its settings, its clock, and what it prints. Started by ../peers.sh."""
import json
import os
import time
from collections import deque

BEGAN = float(os.environ.get("PEER_BEGAN", time.time()))  # when the command was given
SECONDS = float(os.environ.get("PEER_SECONDS", "8"))  # of training, unless the goal comes first
GOAL = float(os.environ.get("PEER_GOAL", "inf"))  # mean return of the last 100 episodes
SETTING = os.environ.get("PEER_SETTING", "cleanrl")

# CleanRL's ppo.py, and PufferLib's CartPole: environments, steps, rows of a minibatch, passes.
SETTINGS = {
    "cleanrl": {"envs": 4, "steps": 128, "batch": 128, "epochs": 4, "lr": 2.5e-4},
    "puffer": {"envs": 64, "steps": 128, "batch": 2048, "epochs": 1, "lr": 3e-3},
}[SETTING]
TOTAL = 500_000  # steps over which the learning rate goes to 0


class Clock:
    """Told of every update and every episode; says when to stop."""

    def __init__(self):
        self.returns = deque(maxlen=100)
        self.first = None  # when the first update was done
        self.steps = 0
        self.before = 0  # steps of the first update
        self.goal = None

    def episodes(self, returns):
        self.returns.extend(returns)

    def update(self, steps, first=None):
        """After an update that brings the steps to `steps`; first: when the first one was done, if not now."""
        now = time.time()
        if self.first is None:
            self.first, self.start, self.before = first or now, now, steps
        self.steps, self.now = steps, now
        full = len(self.returns) == 100 and sum(self.returns) / 100 >= GOAL
        if full and self.goal is None:
            self.goal = now
        return self.goal is not None or now - self.start > SECONDS

    def show(self, system, **more):
        row = {
            "env": f"CartPole-v1, {SETTING}",
            "system": system,
            "stepsPerSecond": (self.steps - self.before) / (self.now - self.start),
            "s to first update": self.first - BEGAN,
        }
        if GOAL != float("inf"):
            row["s to threshold"] = None if self.goal is None else self.goal - BEGAN
            row["steps to threshold"] = None if self.goal is None else self.steps
        print(json.dumps([{**row, **more}]))
