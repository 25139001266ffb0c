// The CID of a file from its layout: a balanced tree over raw leaves, built with IPFS's own libraries.
import { createHash } from 'node:crypto'

import * as dagPb from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as digests from 'multiformats/hashes/digest'

export const LEAF_BYTES = 262_144
const LINKS = 174
const RAW = 0x55
const SHA2_256 = 0x12

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest()
const cidOf = (codec, digest) => CID.createV1(codec, digests.create(SHA2_256, digest))

function parent (children) {
  const file = new UnixFS({ type: 'file', blockSizes: children.map(({ content }) => content) })
  const links = children.map(({ cid, blocks }) => ({ Name: '', Hash: cid, Tsize: Number(blocks) }))
  const block = dagPb.encode(dagPb.prepare({ Data: file.marshal(), Links: links }))
  return {
    cid: cidOf(dagPb.code, sha256(block)),
    blocks: children.reduce((sum, child) => sum + child.blocks, BigInt(block.length)),
    content: file.fileSize()
  }
}

// The digests of the leaves, in order, of a file of so many bytes.
export function rootOf (size, leaves) {
  let level = leaves.map((digest, leaf) => {
    const length = BigInt(Math.min(LEAF_BYTES, size - leaf * LEAF_BYTES))
    return { cid: cidOf(RAW, digest), blocks: length, content: length }
  })
  while (level.length > 1) {
    const above = []
    for (let start = 0; start < level.length; start += LINKS) above.push(parent(level.slice(start, start + LINKS)))
    level = above
  }
  return level[0].cid
}
