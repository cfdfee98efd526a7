"""
PPO wholly compiled by XLA: environments, sampling and learning of many updates in one program, which is PureJaxRL's design
(PureJaxRL itself is on no package index). gymnax has the environment, optax the optimizer.
"""

import gymnax
import jax
import jax.numpy as jnp
import optax
from common import SETTINGS, TOTAL, Clock
from jax_agent import forward, loss, new_agent

ENVS, STEPS, BATCH, EPOCHS = (SETTINGS[name] for name in ("envs", "steps", "batch", "epochs"))
ROWS = ENVS * STEPS
CHUNK = 50  # updates of one call
env, params = gymnax.make("CartPole-v1")
updates_in_all = TOTAL // ROWS
per_update = EPOCHS * ROWS // BATCH


def rate(count):
    return SETTINGS["lr"] * jnp.maximum(0.0, 1 - (count // per_update) / updates_in_all)


optimizer = optax.chain(optax.clip_by_global_norm(0.5), optax.adam(rate, eps=1e-5))


def play(carry, _):
    agent, observation, state, total, key = carry
    key, of_action, of_step = jax.random.split(key, 3)
    logs = jax.nn.log_softmax(forward(agent["actor"], observation))
    action = jax.random.categorical(of_action, logs)
    log = jnp.take_along_axis(logs, action[:, None], -1)[:, 0]
    value = forward(agent["critic"], observation)[:, 0]
    keys = jax.random.split(of_step, ENVS)
    following, state, reward, terminated, truncated, _ = jax.vmap(env.step, (0, 0, 0, None))(
        keys, state, action, params
    )
    end = terminated | truncated
    total = total + reward
    row = (observation, action, log, value, reward, end.astype(jnp.float32), jnp.where(end, total, jnp.nan))
    return (agent, following, state, jnp.where(end, 0.0, total), key), row


def update(carry, _):
    agent, moments, observation, state, total, key = carry
    (_, observation, state, total, key), rows = jax.lax.scan(
        play, (agent, observation, state, total, key), None, STEPS
    )
    seen, taken, old, value, reward, end, returns = rows
    last = forward(agent["critic"], observation)[:, 0]

    def credit(carry, row):
        advantage, after = carry
        reward, end, value = row
        delta = reward + 0.99 * after * (1 - end) - value
        advantage = delta + 0.99 * 0.95 * (1 - end) * advantage
        return (advantage, value), advantage

    _, advantage = jax.lax.scan(credit, (jnp.zeros(ENVS), last), (reward, end, value), reverse=True)
    flat = [x.reshape(ROWS, *x.shape[2:]) for x in (seen, taken, old, value, advantage, advantage + value)]

    def learn(carry, chosen):
        agent, moments = carry
        gradient = jax.grad(loss)(agent, [x[chosen] for x in flat])
        change, moments = optimizer.update(gradient, moments)
        return (optax.apply_updates(agent, change), moments), None

    key, of_order = jax.random.split(key)
    order = jax.vmap(lambda k: jax.random.permutation(k, ROWS))(jax.random.split(of_order, EPOCHS))
    (agent, moments), _ = jax.lax.scan(learn, (agent, moments), order.reshape(-1, BATCH))
    return (agent, moments, observation, state, total, key), returns


@jax.jit
def chunk(carry):
    return jax.lax.scan(update, carry, None, CHUNK)


key = jax.random.key(1)
key, of_actor, of_critic, of_reset = jax.random.split(key, 4)
agent = new_agent(of_actor, of_critic)
observation, state = jax.vmap(env.reset, (0, None))(jax.random.split(of_reset, ENVS), params)
carry = (agent, optimizer.init(agent), observation, state, jnp.zeros(ENVS), key)
clock, stop, done = Clock(), False, 0
while not stop:
    carry, returns = chunk(carry)
    finished = returns.reshape(-1)
    finished = finished[~jnp.isnan(finished)].tolist()
    clock.episodes(finished)
    done += CHUNK * ROWS
    stop = clock.update(done)
# Compiling goes on until the first call has returned: its updates are as long as those of the others.
clock.first -= (CHUNK - 1) * ROWS * (clock.now - clock.start) / (clock.steps - clock.before)
clock.show("PPO jitted by XLA (PureJaxRL's design)")
