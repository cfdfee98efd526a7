"""
A learning step (loss, gradients, clipping, Adam) of 128 rows and act() on 8 observations, compiled by XLA. Steps are timed as
training has them, 16 minibatches in one program; act() as one call from Python. Prints JSON: microseconds, medians.
"""
import json
import statistics
import time

import jax
import jax.numpy as jnp
import optax
from jax_agent import forward, loss, new_agent

ROWS, BATCH, MINIBATCHES, ACTING, SECONDS = 512, 128, 16, 8, 2
optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(2.5e-4, eps=1e-5))
keys = jax.random.split(jax.random.key(1), 8)
agent = new_agent(keys[0], keys[1])
rows = [
    jax.random.normal(keys[2], (ROWS, 4)),
    jax.random.randint(keys[3], (ROWS,), 0, 2),
    jnp.full(ROWS, -0.7),
    *jax.random.normal(keys[4], (3, ROWS)),
]


@jax.jit
def learn(agent, moments, order):
    def step(carry, chosen):
        agent, moments = carry
        gradient = jax.grad(loss)(agent, [x[chosen] for x in rows])
        change, moments = optimizer.update(gradient, moments)
        return (optax.apply_updates(agent, change), moments), None

    return jax.lax.scan(step, (agent, moments), order)[0]


@jax.jit
def act(agent, observation, key):
    logs = jax.nn.log_softmax(forward(agent["actor"], observation))
    action = jax.random.categorical(key, logs)
    return action, jnp.take_along_axis(logs, action[:, None], -1)[:, 0], forward(agent["critic"], observation)[:, 0]


def median(call):
    jax.block_until_ready(call())
    samples, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        begin = time.perf_counter()
        jax.block_until_ready(call())
        samples.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(samples)


order = jax.random.permutation(keys[5], jnp.tile(jnp.arange(ROWS), MINIBATCHES * BATCH // ROWS)).reshape(-1, BATCH)
moments = optimizer.init(agent)
times = {
    "step": median(lambda: learn(agent, moments, order)) / MINIBATCHES,
    "act8": median(lambda: act(agent, rows[0][:ACTING], keys[6])),
}
print(json.dumps([{"engine": "XLA", "network": "mlp64", "rows": BATCH, **times}]))
