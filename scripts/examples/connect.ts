// Any training loop becomes data-parallel: each rank estimates pi from its own samples, allreduce adds them up.
//   pporun -np 2 scripts/examples/connect.ts
import { connect } from 'pporun'

const comm = await connect()
const samples = 1_000_000
let inside = 0
for (let i = 0; i < samples; i++) if (Math.random() ** 2 + Math.random() ** 2 < 1) inside++
const sums = Float64Array.of(inside, samples)
await comm.allreduce(sums, 'sum')
if (comm.rank === 0) console.log(`pi is about ${(4 * sums[0]) / sums[1]} from ${comm.size} ranks`)
await comm.close()
