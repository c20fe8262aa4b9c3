#pragma once

#include <groundglass/volume/patient_position.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace groundglass::volume {

/// How the scanner made the slices, as far as their headers say; nothing where there is none, as in a NIfTI
/// file.
struct reconstruction {
    /// Extent of a slice along its normal, which may be more or less than the distance of slices.
    std::optional<double> slice_thickness_mm;
    /// The maker's name of the kernel, such as `B70f` or `LUNG`; several values joined by a backslash.
    std::string kernel;
    /// How the patient lay on the table.
    patient_position position = patient_position::unknown;

    friend bool operator==(const reconstruction&, const reconstruction&) = default;
};

/// Whether a kernel of this name raises edges and noise, by the makers' names: Siemens 50 and above (`B50f`,
/// `Bl57d`), GE `LUNG`, `BONE`, `EDGE` and `ULTRA`, Philips `D`, `E`, `L` and `Y…`, Canon and Toshiba `FC30`
/// to 39, 50 to 59 and 80 to 89, and any that has sharp, lung or bone in its name, unless it has soft or
/// smooth. False for names that are not known, and for none.
[[nodiscard]] bool is_sharp_kernel(std::string_view name);

} // namespace groundglass::volume

#ifdef GROUNDGLASS_HEADER_ONLY
#include <groundglass/volume/detail/reconstruction.hpp>
#endif
