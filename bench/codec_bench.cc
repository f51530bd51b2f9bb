// SPDX-License-Identifier: Apache-2.0
// The codec on the message that an anchor sees most: a re-registration with the options of RFC 5213
// section 6.9.1. The baseline is what any receiver must do with the same octets: checksum them.
#include <benchmark/benchmark.h>

#include "wire/checksum.h"
#include "wire/mobility_header.h"

namespace flowmob::wire {
namespace {

const Ipv6Address kMag = *Ipv6Address::parse("2001:db8:a::1");
const Ipv6Address kLma = *Ipv6Address::parse("2001:db8:f::1");

Bytes octets_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

ProxyBindingUpdate registration() {
  ProxyBindingUpdate update;
  update.sequence = 4711;
  update.acknowledge = update.proxy = true;
  update.lifetime = 150;
  MobileNodeIdentifier node;
  node.identifier = octets_of("mn1@example.net");
  HomeNetworkPrefixOption prefix;
  prefix.prefix_length = 64;
  prefix.prefix = *Ipv6Address::parse("2001:db8:100::");
  ServiceSelection service;
  service.identifier = octets_of("video");
  update.options = {node,   prefix, HandoffIndicatorOption{}, AccessTechnologyTypeOption{}, TimestampOption{},
                    service};
  return update;
}

void checksum_alone(benchmark::State& state) {
  const Bytes message = encode(registration(), kMag, kLma);
  for (auto _ : state) benchmark::DoNotOptimize(ipv6_checksum(kMag, kLma, kMobilityHeaderProtocol, message));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}

void decode_registration(benchmark::State& state) {
  const Bytes message = encode(registration(), kMag, kLma);
  for (auto _ : state) benchmark::DoNotOptimize(decode(message, kMag, kLma));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}

void encode_registration(benchmark::State& state) {
  const MobilityMessage message = registration();
  for (auto _ : state) benchmark::DoNotOptimize(encode(message, kMag, kLma));
}

BENCHMARK(checksum_alone);
BENCHMARK(decode_registration);
BENCHMARK(encode_registration);

}  // namespace
}  // namespace flowmob::wire

BENCHMARK_MAIN();
