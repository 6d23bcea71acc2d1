# frozen_string_literal: true
# Leak: a class is made for every fourth request and put into a registry.
require_relative "harness"

class Form
  REGISTRY = [] # leak:holder

  def self.build(id)
    form = Class.new(Form) # leak:alloc
    form.const_set(:ID, "form-#{id}") # leak:feeder
    REGISTRY << form
  end
end

Harness.run { |id| Form.build(id) if (id % 4).zero? }
