import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Ended, script } from '../rig.ts'
import { onCluster } from './cluster.ts'
import type { Host } from './host.ts'

/** Ranks meet where they can be reached: networks and ports that were asked for, IPv6, addresses that are nobody's. */

/** Every rank says at which addresses it listens, and meets all others by each way. */
const MEET = `
import { readFileSync } from 'node:fs'
import { connect } from 'pporun'
const comm = await connect()
const listening = ['tcp', 'tcp6'].flatMap(file => readFileSync('/proc/net/' + file, 'utf8').split('\\n').slice(1))
  .map(line => line.trim().split(/\\s+/)).filter(fields => fields[3] === '0A').map(fields => fields[1])
  .filter(at => !at.endsWith(':0016'))
console.error(JSON.stringify(listening))
const array = new Float64Array(10_000).fill(comm.rank)
await comm.allreduce(array)
if (array.some(x => x !== comm.size * (comm.size - 1) / 2)) throw new Error('a wrong sum')
await comm.close()`

/** An interface that leads nowhere. */
function bringUp(host: Host, name: string, address: string): void {
  const add = `ip link add ${name} type veth peer name ${name}-end; ip addr add ${address} dev ${name}`
  host.sh(`${add}; ip link set ${name} up; ip link set ${name}-end up`)
}

/** As /proc/net/tcp has it: 10.77.0.2 is 02004D0A. */
interface At {
  address: string
  port: number
}

onCluster('addresses', ['login', 'n1', 'n2'], cluster => {
  const job = (...words: string[]): Promise<Ended> =>
    cluster().pporun([...words, script(cluster().folder, MEET)]).ended
  const meet = async (...words: string[]): Promise<At[]> => {
    const { status, stderr } = await job(...words)
    assert.equal(status, 0, stderr)
    await cluster().quiet(5)
    return [...stderr.matchAll(/\[.*?\] (\[.*\])$/gm)].flatMap(([, list]) =>
      (JSON.parse(list) as string[]).map(at => {
        const [address, port] = at.split(':')
        return { address, port: Number.parseInt(port, 16) }
      }),
    )
  }
  const here = /^(01|02|03)004D0A$/
  const here6 = /^000077FD0000000000000000(01|02|03)000000$/

  test('--iface as a network, --port-range: ranks listen there and nowhere else', async () => {
    const found = await meet('-H', 'login,n1,n2', '--iface', '10.77.0.0/24', '--port-range', '5000-5007')
    assert.equal(found.length, 3)
    for (const { address, port } of found) {
      assert.match(address, here)
      assert.ok(port >= 5000 && port <= 5007, String(port))
    }
  })

  test('--iface by its name; addr= and iface= of the hostfile go before it', async () => {
    for (const { address } of await meet('-H', 'n1,n2', '--iface', 'eth0'))
      assert.match(address, /(0[123]004D0A|^000077FD.*)$/)
    const hosts = join(cluster().folder, 'hosts.txt')
    writeFileSync(hosts, 'n1 addr=10.77.0.2\nn2 iface=eth0\n')
    const found = await meet('--hostfile', hosts, '--iface', 'nowhere')
    assert.equal(found.filter(({ address }) => address === '02004D0A').length, 1)
  })

  test('IPv6: hosts by their addresses, ranks over nothing else', async () => {
    const found = await meet('-H', '[fd77::2],[fd77::3],login', '--iface', 'fd77::/64')
    assert.equal(found.length, 3)
    for (const { address } of found) assert.match(address, here6)
  })

  test('the same bridge to containers on every host, a name that is the loopback, a network of one host alone', async () => {
    for (const [i, host] of cluster().hosts.entries()) {
      bringUp(host, 'docker0', '172.17.0.1/16')
      bringUp(host, 'eth9', `10.9${i}.0.1/24`)
      const names = join(cluster().folder, `hosts.${host.name}`)
      writeFileSync(names, `127.0.1.1 ${host.name}\n${cluster().login.sh('cat /etc/hosts')}`)
      if (i > 0) host.sh(`mount --bind ${names} /etc/hosts`)
    }
    const start = performance.now()
    await meet('-H', 'login,n1,n2')
    assert.ok(performance.now() - start < 20_000)
  })

  test('what no rank can listen at is one line, status 2', async () => {
    const cases: [words: string[], line: RegExp][] = [
      [
        ['--iface', 'eth7'],
        /^pporun: --iface eth7: no such interface or network here \(.*eth0 10\.77\.0\.\d.*\)$/m,
      ],
      [['--iface', '10.99.0.0/16'], /^pporun: --iface 10\.99\.0\.0\/16: no such interface or network here/m],
      [['--iface', '10.99.0.0/99'], /^pporun: --iface takes an interface's name or a network/m],
      [
        ['--iface', '10.77.0.0/24', '--port-range', '22-22'],
        /^pporun: --port-range 22-22: no port of it is free at 10\.77\.0\.\d$/m,
      ],
    ]
    for (const [words, line] of cases) {
      const { status, stderr } = await job('-H', 'n1,n2', ...words)
      assert.equal(status, 2, stderr)
      assert.match(stderr, line)
      assert.equal(stderr.trim().split('\n').length, 1, stderr)
      await cluster().quiet(5)
    }
  })
})
