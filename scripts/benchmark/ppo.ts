// What the parts of an update take, in training of a few settings:
//   pporun bench ppo -np 2        starts this on two ranks and prints a table
import { connect, measureTraining } from 'pporun'

const [seconds, ...settings] = process.argv.slice(2)
const comm = await connect()
const rows = []
for (const setting of settings) {
  if (comm.rank === 0) console.error(`train ${setting}, ${comm.size} ranks`)
  rows.push({ setting, ...(await measureTraining(comm, setting.split(/\s+/), Number(seconds))) })
}
if (comm.rank === 0) console.log(JSON.stringify(rows))
await comm.close()
