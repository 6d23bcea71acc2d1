# frozen_string_literal: true
# Leak: for each of 300 users a short list of numbers, which gets longer by little.
require_relative "harness"

VISITS = {}

Harness.run do |id|
  3.times do |i|
    list = (VISITS[(id * 7 + i * 101) % 300] ||= []) # leak:grows
    list << id
  end
end
