"""Two 64-64 tanh networks and PPO's loss with CleanRL's settings, for XLA."""
import jax
import jax.numpy as jnp


def network(key, outputs, gain):
    orthogonal = jax.nn.initializers.orthogonal
    keys = jax.random.split(key, 3)
    sizes = [(4, 64, 2**0.5), (64, 64, 2**0.5), (64, outputs, gain)]
    return [(orthogonal(g)(k, (i, o)), jnp.zeros(o)) for k, (i, o, g) in zip(keys, sizes)]


def forward(layers, x):
    for weight, bias in layers[:-1]:
        x = jnp.tanh(x @ weight + bias)
    return x @ layers[-1][0] + layers[-1][1]


def new_agent(of_actor, of_critic):
    return {"actor": network(of_actor, 2, 0.01), "critic": network(of_critic, 1, 1.0)}


def loss(agent, rows):
    seen, taken, old, value, advantage, target = rows
    logs = jax.nn.log_softmax(forward(agent["actor"], seen))
    new = jnp.take_along_axis(logs, taken[:, None], -1)[:, 0]
    new_value = forward(agent["critic"], seen)[:, 0]
    ratio = jnp.exp(new - old)
    advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    policy = jnp.maximum(-advantage * ratio, -advantage * ratio.clip(0.8, 1.2)).mean()
    clipped = value + (new_value - value).clip(-0.2, 0.2)
    error = jnp.maximum((new_value - target) ** 2, (clipped - target) ** 2).mean()
    entropy = -(jnp.exp(logs) * logs).sum(-1).mean()
    return policy + 0.5 * 0.5 * error - 0.01 * entropy
