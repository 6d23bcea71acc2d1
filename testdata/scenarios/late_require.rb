# frozen_string_literal: true
# No leak: code that is loaded at first use, a file in the first, two in the second, and one in the third step.
require_relative "harness"

Harness.run do |id|
  case id
  when 300 then require_relative "late_require/orders"
  when 700 then require_relative "late_require/invoices"
  when 1_000 then require_relative "late_require/exports"
  when 1_500 then require_relative "late_require/reports"
  end
end
