# frozen_string_literal: true
# Leak: a method is defined on one class for every third request, under a new name each time.
require_relative "harness"

class Router # leak:holder
  def self.route(id)
    define_method("order_#{id}") { id } # leak:alloc leak:feeder
  end
end

Harness.run { |id| Router.route(id) if (id % 3).zero? }
