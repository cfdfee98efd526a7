/** Actor and critic as separate MLPs over a discrete action space. */
export interface Network {
  observationSize: number
  /** Widths of the hidden layers, the same for actor and critic. */
  hidden: readonly number[]
  activation: Activation
  /** Number of discrete actions: one logit each. */
  numActions: number
}

export type Activation = 'tanh' | 'relu' | 'elu'

/** One weight [out, in] (row-major) or bias [out] inside the flat parameter vector. */
export interface Tensor {
  name: string
  shape: readonly number[]
  offset: number
  size: number
}

/** Where each tensor lies in the one flat parameter vector; also the order of gradients, moments and checkpoints. */
export interface Layout {
  network: Network
  tensors: readonly Tensor[]
  /** P, the number of parameters. */
  size: number
}
