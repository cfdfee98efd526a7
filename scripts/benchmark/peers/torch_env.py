"""EnvPool with 64 environments and one thread, and Gymnasium's single environments; actions drawn before."""
import json
import time

import envpool
import gymnasium
import numpy

NUM_ENVS, STEPS, ROUNDS = 64, 500, 5
NAMES = ("CartPole-v1", "Pendulum-v1", "Acrobot-v1")


def median_rate(steps, play):
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        play()
        times.append(time.process_time() - begin)
    return steps / sorted(times)[ROUNDS // 2]


def envpool_rate(name):
    env = envpool.make(name, env_type="gymnasium", num_envs=NUM_ENVS, num_threads=1)
    env.reset()
    actions = [numpy.array([env.action_space.sample() for _ in range(NUM_ENVS)]) for _ in range(64)]
    return median_rate(NUM_ENVS * STEPS, lambda: [env.step(actions[i % 64]) for i in range(STEPS)])


def gymnasium_rate(name):
    env = gymnasium.make(name)
    env.reset(seed=0)
    actions = [env.action_space.sample() for _ in range(64)]

    def play():
        for i in range(10 * STEPS):
            _, _, terminated, truncated, _ = env.step(actions[i % 64])
            if terminated or truncated:
                env.reset()

    return median_rate(10 * STEPS, play)


print(json.dumps([
    {"env": name, "system": system, "stepsPerSecond": rate(name)}
    for name in NAMES
    for system, rate in (("EnvPool, 64 at once", envpool_rate), ("Gymnasium, one", gymnasium_rate))
]))
