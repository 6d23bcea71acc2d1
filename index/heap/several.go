package heap

// A file may hold several dumps, one appended to the other. All addresses repeat
// in the next one, so only one of them can be loaded.

// mark is where a dump begins: before a record of a GC root.
type mark struct {
	part int // index of the part
	root int // index of the root in its part
	at   int // objects of the part before it
}

// findDumps returns where the dumps of the input begin. The roots come first in
// a dump, a record for each category: one behind objects whose category has been
// there begins the next dump.
func findDumps(parts []*part) []mark {
	marks := []mark{{}}
	seen, objects := map[string]bool{}, 0
	for i, p := range parts {
		before := 0
		for j, r := range p.roots {
			objects += r.at - before
			before = r.at
			if objects > 0 && seen[r.category] {
				marks = append(marks, mark{i, j, r.at})
				seen, objects = map[string]bool{}, 0
			}
			seen[r.category] = true
		}
		objects += len(p.refEnd) - before
	}
	if objects == 0 && len(marks) > 1 { // roots alone are no dump
		marks = marks[:len(marks)-1]
	}
	return marks
}

// pickDump returns the parts of the last dump of the input, or, if that one is
// torn, of the one before, with how many there are and which it is, 1-based.
func pickDump(parts []*part, torn bool) (picked []*part, dumps, number int) {
	marks := findDumps(parts)
	dumps = len(marks)
	number = dumps
	if torn && number > 1 {
		number--
	}
	if dumps == 1 {
		return parts, 1, 1
	}
	if number < dumps {
		end := marks[number]
		parts = parts[:end.part+1]
		last := len(parts) - 1
		parts[last] = parts[last].slice(mark{}, end)
	}
	start := marks[number-1]
	whole := mark{root: len(parts[start.part].roots), at: len(parts[start.part].refEnd)}
	parts[start.part] = parts[start.part].slice(start, whole)
	return parts[start.part:], dumps, number
}

// slice returns the part's records from one mark to another.
func (p *part) slice(from, to mark) *part {
	a, b, firstRef, endRef := from.at, to.at, uint32(0), uint32(0)
	if a > 0 {
		firstRef = p.refEnd[a-1]
	}
	if b > 0 {
		endRef = p.refEnd[b-1]
	}
	s := *p
	s.address, s.class, s.kind = p.address[a:b], p.class[a:b], p.kind[a:b]
	s.memsize, s.spot, s.born = p.memsize[a:b], p.spot[a:b], p.born[a:b]
	s.extra, s.refs = p.extra[a:b], p.refs[firstRef:endRef]
	s.refEnd = make([]uint32, b-a)
	for i, end := range p.refEnd[a:b] {
		s.refEnd[i] = end - firstRef
	}
	s.places.skipped += a
	s.huge, s.samples, s.roots = nil, nil, nil
	for _, x := range p.huge {
		if x.at >= a && x.at < b {
			x.at -= a
			s.huge = append(s.huge, x)
		}
	}
	for _, x := range p.samples {
		if x.at >= a && x.at < b {
			x.at -= a
			s.samples = append(s.samples, x)
		}
	}
	for _, r := range p.roots[from.root:to.root] {
		r.at -= a
		s.roots = append(s.roots, r)
	}
	return &s
}
