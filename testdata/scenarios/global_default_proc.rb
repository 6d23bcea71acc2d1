# frozen_string_literal: true
# Leak: a Hash in a global variable, whose default block makes a list for every key it is asked for.
require_relative "harness"

$index = Hash.new do |hash, key| # leak:holder
  hash[key] = [key, 0, nil, false] # leak:alloc
end

Harness.run { |id| $index["tenant-#{id}-eu-central-frankfurt"][1] += 1 } # leak:feeder
