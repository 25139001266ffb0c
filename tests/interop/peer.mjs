// A peer written from docs/wire-protocol.md, on js-libp2p: `node peer.mjs MULTIADDR CID FILE` dials a node, says in a line of JSON
// who both are, fetches a file by its CID, checks every leaf, and says what it got. It stays until its input ends.
import { writeFile } from 'node:fs/promises'

import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import * as cbor from 'cborg'
import { createLibp2p } from 'libp2p'
import { CID } from 'multiformats/cid'
import * as varint from 'uint8-varint'

import { LEAF_BYTES, rootOf, sha256 } from './unixfs.mjs'

const CONTENT = '/scatter/content/1'
const MAX_ANSWER_BYTES = 8_388_608
const MAX_RANGE_BYTES = 4_194_304
const DIGEST_BYTES = 32
const RAW = 0x55
const STRICT = { allowIndefinite: false, allowUndefined: false, rejectDuplicateMapKeys: true }

const say = (something) => console.log(JSON.stringify(something))

function check (holds, complaint) {
  if (!holds) throw new Error(complaint)
}

// What follows the length that it begins with; an answer without a message is null.
function message (bytes) {
  const length = varint.decode(bytes)
  const body = bytes.subarray(varint.encodingLength(length))
  check(body.length === length, `the answer ended after ${body.length} of ${length} bytes`)
  check(body[0] === 0 || (body[0] === 1 && length === 1), 'an answer begins with 0 or is 1')
  return body[0] === 0 ? body.subarray(1) : null
}

async function ask (connection, request) {
  const stream = await connection.newStream(CONTENT)
  const chunks = []
  let received = 0
  const body = cbor.encode(request)
  stream.send(Buffer.concat([varint.encode(body.length), body]))
  const closing = stream.close()
  for await (const chunk of stream) {
    received += chunk.byteLength
    check(received <= MAX_ANSWER_BYTES + 5, 'the answer is too long')
    chunks.push(chunk.subarray())
  }
  await closing
  const answer = message(Buffer.concat(chunks))
  check(answer !== null, 'there is no answer')
  return cbor.decode(answer, STRICT)
}

async function layout (connection, cid) {
  const { status, size, leaves } = await ask(connection, { cid: cid.bytes })
  check(status === 'here', `the layout is ${status}`)
  check(leaves.length === DIGEST_BYTES * Math.max(1, Math.ceil(size / LEAF_BYTES)), 'the layout does not fit the size')
  const parted = []
  for (let at = 0; at < leaves.length; at += DIGEST_BYTES) parted.push(leaves.subarray(at, at + DIGEST_BYTES))
  check(rootOf(size, parted).equals(cid), 'the layout is that of another file')
  return { size, leaves: parted }
}

async function range (connection, cid, offset, length, leaves) {
  const { status, content } = await ask(connection, { cid: cid.bytes, offset, length })
  check(status === 'here', `the content is ${status}`)
  for (let leaf = 0; leaf === 0 || leaf * LEAF_BYTES < content.length; leaf++) {
    const block = content.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)
    check(leaves[offset / LEAF_BYTES + leaf]?.equals(sha256(block)), `wrong block at ${offset + leaf * LEAF_BYTES}`)
  }
  return content
}

async function fetched (connection, cid) {
  if (cid.code === RAW) return range(connection, cid, 0, LEAF_BYTES, [Buffer.from(cid.multihash.digest)])
  const { size, leaves } = await layout(connection, cid)
  const buffers = leaves.map((leaf) => Buffer.from(leaf))
  const parts = []
  for (let offset = 0; offset < size; offset += MAX_RANGE_BYTES) {
    const length = Math.min(MAX_RANGE_BYTES, size - offset)
    const part = await range(connection, cid, offset, length, buffers)
    check(part.length === length, `the range at ${offset} has ${part.length} bytes instead of ${length}`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function main (address, text, file) {
  const peer = await createLibp2p({
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify({ runOnConnectionOpen: false }) }
  })
  try {
    const connection = await peer.dial(multiaddr(address))
    const { protocols, agentVersion } = await peer.services.identify.identify(connection)
    say({ me: peer.peerId, node: connection.remotePeer, protocols, agentVersion })
    const content = await fetched(connection, CID.parse(text))
    await writeFile(file, content)
    say({ fetched: content.length })
    for await (const _ of process.stdin) { /* nothing is said to it */ }
  } finally {
    await peer.stop()
  }
}

await main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exitCode = 1
})
