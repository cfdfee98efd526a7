// The no-code trainer: `pporun -np 8 train --env CartPole-v1 --seed 3`. Everything comes from the options.
import { train } from 'pporun'

await train()
