package index

import "slices"

// Slope is how a number changes from dump to dump: the median of the slopes
// between any two dumps, and the quartiles of those. One outlier of five dumps
// does not move it (H. Theil 1950; P. K. Sen, "Estimates of the Regression
// Coefficient Based on Kendall's Tau", JASA 63, 1968).
type Slope struct {
	Median float64 // objects or bytes a dump
	Low    float64 // lower quartile
	High   float64 // upper quartile
}

// slope returns that of the numbers of dumps, by what at says of when each was
// taken. Two dumps of one time tell nothing.
func slope(counts []Count, at func(dump int) int64, number func(Count) int64) Slope {
	var slopes []float64
	for j := range counts {
		for i := range j {
			if passed := at(j) - at(i); passed > 0 {
				slopes = append(slopes, float64(number(counts[j])-number(counts[i]))/float64(passed))
			}
		}
	}
	if len(slopes) == 0 {
		return Slope{}
	}
	slices.Sort(slopes)
	return Slope{Median: quantile(slopes, 0.5), Low: quantile(slopes, 0.25), High: quantile(slopes, 0.75)}
}

// slowsDown reports whether the second half of some dumps, of which last is the
// number of the last one, shows little of the growth of the first: a cache that
// is nearly full.
func slowsDown(last int, number func(dump int) int64) bool {
	middle := last / 2
	first := float64(number(middle)-number(0)) / float64(middle)
	second := float64(number(last)-number(middle)) / float64(last-middle)
	return second < first/4
}

// quantile interpolates between sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
