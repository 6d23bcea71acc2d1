# frozen_string_literal: true
# No leak: a table of 500 entries that is loaded at the start; they are replaced one by one, from another line.
require_relative "harness"

TABLE = {}
500.times { |i| TABLE[i] = "loaded entry #{i}, as it was at the start" }

Harness.run do |id|
  TABLE[id * 17 % 1300 % 500] = "refreshed entry #{id}, as it is now" if (id % 3).zero?
end
