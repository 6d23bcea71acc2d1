# frozen_string_literal: true
# No leak: a queue that fills and drains; it holds 150, then 400, then 600 when the dumps are written.
require_relative "harness"

class Task
  def initialize(id)
    @text = "task #{id}: send the invoice by mail"
  end
end

TASKS = []
WANTED = [150, 400, 600].freeze

Harness.run do |id, step|
  2.times { |i| TASKS << Task.new(id * 2 + i) }
  left = Harness::REQUESTS - 1 - (id - 1) % Harness::REQUESTS
  TASKS.shift while TASKS.size > [WANTED[step] - 2 * left, 20].max
end
