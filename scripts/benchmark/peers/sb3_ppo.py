"""Stable-Baselines3's PPO."""
import torch
from common import SETTINGS, TOTAL, Clock
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_vec_env

torch.set_num_threads(1)
clock = Clock()


class Watch(BaseCallback):
    def _on_step(self):
        clock.episodes(info["episode"]["r"] for info in self.locals["infos"] if "episode" in info)
        return not self.stop

    def _on_training_start(self):
        self.stop = False

    def _on_rollout_start(self):
        if self.num_timesteps > 0:
            self.stop = clock.update(self.num_timesteps)


# Its value loss is a mean square, CleanRL's half of that.
model = PPO(
    "MlpPolicy",
    make_vec_env("CartPole-v1", SETTINGS["envs"]),
    n_steps=SETTINGS["steps"],
    batch_size=SETTINGS["batch"],
    n_epochs=SETTINGS["epochs"],
    learning_rate=lambda left: SETTINGS["lr"] * left,
    clip_range_vf=0.2,
    ent_coef=0.01,
    vf_coef=0.25,
    device="cpu",
    seed=1,
)
model.learn(TOTAL, callback=Watch())
clock.show("Stable-Baselines3")
