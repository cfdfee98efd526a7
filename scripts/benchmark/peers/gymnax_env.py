"""gymnax, compiled by XLA: all steps in one scan, with actions drawn in it, and with actions drawn before."""
import json
import time

import gymnax
import jax

NUM_ENVS, STEPS, ROUNDS = 1024, 500, 5


def measure(name, drawn_before):
    env, params = gymnax.make(name)
    space = env.action_space(params)
    sample = jax.vmap(space.sample)
    key = jax.random.key(0)
    _, state = jax.vmap(env.reset, (0, None))(jax.random.split(key, NUM_ENVS), params)
    actions = jax.vmap(sample)(jax.random.split(key, (STEPS, NUM_ENVS)))

    def step(carry, drawn):
        state, key = carry
        key, of_step, of_action = jax.random.split(key, 3)
        action = drawn if drawn_before else sample(jax.random.split(of_action, NUM_ENVS))
        keys = jax.random.split(of_step, NUM_ENVS)
        obs, state, reward, *_ = jax.vmap(env.step, (0, 0, 0, None))(keys, state, action, params)
        return (state, key), obs.sum() + reward.sum()  # so that nothing is left out as unused

    @jax.jit
    def play(state, key, actions):
        (state, key), sums = jax.lax.scan(step, (state, key), actions)
        return state, key, sums.sum()

    times = []
    for _ in range(ROUNDS + 1):
        begin = time.process_time()
        state, key, total = play(state, key, actions)
        total.block_until_ready()
        times.append(time.process_time() - begin)
    times = sorted(times[1:])  # the first compiled
    return NUM_ENVS * STEPS / times[len(times) // 2]


print(json.dumps([
    {"env": name, "system": "gymnax" + (", actions drawn before" if before else ""), "stepsPerSecond": measure(name, before)}
    for name in ("CartPole-v1", "Pendulum-v1", "Acrobot-v1")
    for before in (False, True)
]))
