"""RLlib's PPO, new API stack, sampling and learning in the driver's process."""
import logging
import os

os.environ["RAY_DEDUP_LOGS"] = "0"
import ray
import torch
from common import SETTINGS, Clock
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

torch.set_num_threads(1)
ray.init(num_cpus=1, include_dashboard=False, logging_level=logging.ERROR, log_to_driver=False)
envs, steps = SETTINGS["envs"], SETTINGS["steps"]
config = (
    PPOConfig()
    .environment("CartPole-v1")
    .env_runners(num_env_runners=0, num_envs_per_env_runner=envs, rollout_fragment_length=steps)
    .rl_module(
        model_config=DefaultModelConfig(fcnet_hiddens=[64, 64], fcnet_activation="tanh", vf_share_layers=False)
    )
    .training(
        train_batch_size_per_learner=envs * steps,
        minibatch_size=SETTINGS["batch"],
        num_epochs=SETTINGS["epochs"],
        lr=SETTINGS["lr"],
        gamma=0.99,
        lambda_=0.95,
        clip_param=0.2,
        vf_loss_coeff=0.25,
        entropy_coeff=0.01,
        grad_clip=0.5,
    )
    .debugging(log_level="ERROR", seed=1)
)
algorithm = config.build_algo()
clock, stop = Clock(), False
while not stop:
    result = algorithm.train()["env_runners"]
    mean, count = result.get("episode_return_mean"), int(result.get("num_episodes", 0))
    clock.episodes([mean] * count if mean is not None else [])
    stop = clock.update(int(result["num_env_steps_sampled_lifetime"]))
algorithm.stop()
clock.show("RLlib")
ray.shutdown()
