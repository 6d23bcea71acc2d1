# frozen_string_literal: true
module Reports
  LABELS = Array.new(60) { |i| "reports label number #{i} in German" }

  COLUMNS = %w[id number customer total].map { |c| [c, "reports.#{c}"] }.to_h

  Error = Class.new(StandardError)
  Row = Struct.new(:id, :number, :total)

  class List
    def initialize(rows)
      @rows = rows
    end

    def total
      @rows.map(&:total).reduce(0) { |a, b| a + b }
    end

    def render
      @rows.map { |r| format("%<id>d %<number>s", id: r.id, number: r.number) }.join("\n")
    end
  end

  %w[open paid sent closed].each do |state|
    define_method(:"#{state}?") { |row| row.number.start_with?(state) }
  end
end
