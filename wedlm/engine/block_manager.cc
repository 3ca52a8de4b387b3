#include "wedlm/engine/block_manager.h"

#include <algorithm>
#include <random>

#include "wedlm/base/error.h"

namespace wedlm {
namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

BlockManager::BlockManager(std::int64_t num_blocks, std::int64_t block_size, bool enable_prefix_cache)
    : block_size_(block_size),
      enable_prefix_cache_(enable_prefix_cache),
      hash_seed_((std::uint64_t{std::random_device{}()} << 32) | std::random_device{}()),
      blocks_(static_cast<std::size_t>(num_blocks)),
      num_free_(num_blocks) {
  for (BlockId id = 0; id < num_blocks; ++id) at(id).place = free_.insert(free_.end(), id);
}

std::uint64_t BlockManager::chain_hash(std::uint64_t parent, std::span<const TokenId> tokens) const {
  std::uint64_t hash = mix(parent ^ hash_seed_);
  for (const TokenId token : tokens) hash = mix(hash ^ static_cast<std::uint64_t>(token));
  return hash;
}

BlockId BlockManager::find(std::uint64_t hash, std::span<const TokenId> tokens) const {
  const auto found = published_.find(hash);
  if (found == published_.end()) return -1;
  return std::ranges::equal(at(found->second).tokens, tokens) ? found->second : -1;
}

template <class Visit>
void BlockManager::visit_prefix(std::span<const TokenId> tokens, std::int64_t max_tokens, Visit&& visit) const {
  if (!enable_prefix_cache_) return;
  std::uint64_t hash = 0;
  const std::int64_t limit = std::min<std::int64_t>(max_tokens, static_cast<std::int64_t>(tokens.size()));
  for (std::int64_t first = 0; first + block_size_ <= limit; first += block_size_) {
    const auto part = tokens.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(block_size_));
    hash = chain_hash(hash, part);
    const BlockId id = find(hash, part);
    if (id < 0) return;
    visit(id, hash);
  }
}

std::int64_t BlockManager::match_prefix(std::span<const TokenId> tokens, std::int64_t max_tokens, BlockTable& table) {
  if (!table.blocks.empty()) throw InternalError("BlockManager: match_prefix() wants an empty table");
  visit_prefix(tokens, max_tokens, [&](BlockId id, std::uint64_t hash) {
    table.blocks.push_back(id);
    table.hashes.push_back(hash);
  });
  for (const BlockId id : table.blocks) reference(id);
  return static_cast<std::int64_t>(table.blocks.size()) * block_size_;
}

std::int64_t BlockManager::count_shared_blocks(std::span<const TokenId> tokens, std::int64_t max_tokens) const {
  std::int64_t count = 0;
  visit_prefix(tokens, max_tokens, [&](BlockId id, std::uint64_t) { count += at(id).num_references > 0 ? 1 : 0; });
  return count;
}

void BlockManager::reference(BlockId id) {
  Block& block = at(id);
  if (block.num_references++ == 0) {
    free_.erase(block.place);
    --num_free_;
  }
}

BlockId BlockManager::take_free_block() {
  const BlockId id = free_.front();
  Block& block = at(id);
  if (block.is_published) {
    published_.erase(block.hash);
    block.is_published = false;
    block.tokens.clear();
  }
  reference(id);
  return id;
}

bool BlockManager::reserve(BlockTable& table, std::int64_t num_tokens) {
  const std::int64_t missing = blocks_for(num_tokens) - static_cast<std::int64_t>(table.blocks.size());
  if (missing > num_free_) return false;
  for (std::int64_t i = 0; i < missing; ++i) table.blocks.push_back(take_free_block());
  return true;
}

void BlockManager::publish(BlockTable& table, std::span<const TokenId> tokens, std::int64_t num_cached) {
  if (!enable_prefix_cache_) return;
  while ((static_cast<std::int64_t>(table.hashes.size()) + 1) * block_size_ <= num_cached) {
    const std::size_t index = table.hashes.size();
    const auto part =
        tokens.subspan(index * static_cast<std::size_t>(block_size_), static_cast<std::size_t>(block_size_));
    const std::uint64_t hash = chain_hash(index == 0 ? 0 : table.hashes.back(), part);
    table.hashes.push_back(hash);
    // Two sequences may have computed the same page side by side; the first to publish it serves those to come.
    Block& block = at(table.blocks[index]);
    if (published_.try_emplace(hash, table.blocks[index]).second) {
      block.is_published = true;
      block.hash = hash;
      block.tokens.assign(part.begin(), part.end());
    }
  }
}

void BlockManager::release(BlockTable& table) {
  // From the end, so that of one sequence the last pages are evicted first: a page is of use only with all before it.
  for (auto id = table.blocks.rbegin(); id != table.blocks.rend(); ++id) {
    Block& block = at(*id);
    if (block.num_references <= 0) throw InternalError("BlockManager: page " + std::to_string(*id) + " released twice");
    if (--block.num_references > 0) continue;
    block.place = free_.insert(block.is_published ? free_.end() : free_.begin(), *id);
    ++num_free_;
  }
  table = {};
}

}  // namespace wedlm
