#pragma once

#include <groundglass/stage.hpp>
#include <groundglass/volume/lung_ct.hpp>

namespace groundglass::lungs {

/// How lobes are estimated.
struct lobes_options {
    /// Whether fissures are looked for in the CT; else the borders go by the lungs' shape alone.
    bool fissures = true;
    /// Fissures are looked for where slices are this far apart or nearer, in mm.
    double thickest_slice_mm = 3;

    friend bool operator==(const lobes_options&, const lobes_options&) = default;
};

/// Whether the library was built with its table of fissures (`GROUNDGLASS_LOBES`), without which `lobes`
/// estimates nothing.
[[nodiscard]] bool lobes_are_built();

/// Divides the lungs into five lobes by their shape and by the fissures that the CT shows: `lung_ct` to
/// `lung_ct`, without a network.
///
/// Surfaces of the two oblique fissures and the horizontal one, in each lung's own coordinates, follow from
/// the outline of both lungs by a table that was learned from 41 maps (`tools/lobe_shapes.py`; its terms are
/// CC BY-NC-SA 4.0). Where the CT is thin enough, thin bright sheets within 18 mm of a surface that hold
/// together draw it to themselves; where none is seen, as fissures are often incomplete, it goes on by shape.
/// `lobe_estimate` says for each fissure what share was seen and what error the shape alone has. Every voxel
/// of the lungs gets a lobe. It is an estimate: the borders are off by several mm, of the horizontal fissure
/// by more.
///
/// Lobes that the study has already stay. Notes: `lobes_estimated` (info), or `lobes_not_estimated` (info)
/// with the reason where less than a fissure's course is in the scan: one lung missing or far smaller, lungs
/// that are cut, few slices, an outline unlike those of the table, a library built without it. Throws
/// `std::invalid_argument` for an option out of range. Cost: about 0.4 s for 150 x 512 x 512 on one thread.
class lobes : public pipeable {
public:
    using takes = volume::lung_ct;
    using gives = volume::lung_ct;

    explicit lobes(lobes_options options = {});

    [[nodiscard]] const lobes_options& options() const { return options_; }
    friend bool operator==(const lobes& a, const lobes& b) { return a.options_ == b.options_; }

    [[nodiscard]] volume::lung_ct operator()(const volume::lung_ct& study) const;

private:
    lobes_options options_;
};

} // namespace groundglass::lungs

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/lungs/detail/lobes.hpp>
#endif
