package index

type details struct{}

func (d *details) of(id SiteID) *Detail { return &Detail{} }
