package heap

import (
	"fmt"
	"strings"

	"heapline/index/dump"
)

// findInstances notes for each singleton class the object that it belongs to:
// the only one whose class it is, but for other singleton classes, which take
// that of their superclass for their own until they need one.
func (h *Heap) findInstances() {
	h.instance = map[ID]ID{}
	for id := h.First(); id < h.End(); id++ {
		class := h.class[id]
		if class == noNode || !h.isSingleton(class) || !h.Exists(id) {
			continue
		}
		if known, ok := h.instance[class]; !ok || h.isSingleton(known) {
			h.instance[class] = id
		}
	}
}

func (h *Heap) isSingleton(class ID) bool {
	return h.Kind(class) == dump.Class && strings.HasPrefix(h.names[h.extra[class]], singletonMark)
}

// ClassKey returns a number that is the same for two objects only if ClassName
// is the same too; it is cheap, the name is not.
func (h *Heap) ClassKey(id ID) uint64 {
	kind := h.Kind(id)
	if kind == dump.IMemo || kind == dump.Data && h.extra[id] != 0 || kind == dump.Other {
		return 1<<63 | uint64(kind)<<32 | uint64(h.extra[id])
	}
	if kind == dump.IClass || h.class[id] == noNode {
		return uint64(kind)<<32 | uint64(h.class[id])
	}
	return uint64(h.class[id])
}

// Internal reports whether an object has no class: it is one of MRI's own, which
// no Ruby code sees.
func (h *Heap) Internal(id ID) bool { return h.class[id] == noNode }

// ClassName names an object's class for people: Foo, #<Class:Foo> for the
// singleton class of Foo, #<Class:file:line> for an anonymous class made there,
// <iseq> (IMEMO) and <proc> (DATA) for the VM's own objects.
func (h *Heap) ClassName(id ID) string {
	kind := h.Kind(id)
	text := ""
	if named(kind) {
		text = h.names[h.extra[id]]
	}
	class := h.class[id]
	switch {
	case kind == dump.IMemo && text == "":
		return "IMEMO"
	case kind == dump.IMemo, kind == dump.Data && text != "":
		return fmt.Sprintf("<%s> (%s)", text, kind)
	case kind == dump.Other:
		return text
	case class == noNode:
		return fmt.Sprintf("%s (internal)", kind)
	case kind == dump.IClass:
		return fmt.Sprintf("%s (ICLASS)", h.NameOf(class))
	}
	return h.NameOf(class)
}

// NameOf names a CLASS or MODULE itself.
func (h *Heap) NameOf(class ID) string { return h.nameOf(class, 0) }

// maxNesting bounds the singleton classes of singleton classes in a name.
const maxNesting = 8

func (h *Heap) nameOf(class ID, depth int) string {
	if kind := h.Kind(class); kind != dump.Class && kind != dump.Module {
		return fmt.Sprintf("#<%s:%#x>", kind, h.address[class])
	}
	name := h.names[h.extra[class]]
	if real, ok := strings.CutPrefix(name, singletonMark); ok {
		return fmt.Sprintf("#<Class:%s>", h.attachedName(class, real, depth))
	}
	if name != "" {
		return name
	}
	kind := "Class"
	if h.Kind(class) == dump.Module {
		kind = "Module"
	}
	if site := h.SiteOf(class); site >= 0 {
		return fmt.Sprintf("#<%s:%s:%d>", kind, h.sites[site].File, h.sites[site].Line)
	}
	return fmt.Sprintf("#<%s:%#x>", kind, h.address[class])
}

// Attached returns the object that a singleton class belongs to, unless that is
// a class itself; false for other objects.
func (h *Heap) Attached(singleton ID) (ID, bool) {
	object, ok := h.instance[singleton]
	kind := h.Kind(object)
	return object, ok && kind != dump.Class && kind != dump.Module
}

// attachedName names the object a singleton class belongs to: a class by its
// name, any other by its class, without its address, so that the singletons of
// a thousand Foos are one row.
func (h *Heap) attachedName(singleton ID, real string, depth int) string {
	object, ok := h.instance[singleton]
	if !ok || depth >= maxNesting {
		return real
	}
	if kind := h.Kind(object); kind == dump.Class || kind == dump.Module {
		return h.nameOf(object, depth+1)
	}
	return "#<" + real + ">"
}
