#include "write_itk.hpp"

#include <itkImage.h>
#include <itkImageFileWriter.h>
#include <itkMetaImageIO.h>
#include <itkNrrdImageIO.h>

#include <system_error>

namespace groundglass::io::detail {

void write_itk(const std::filesystem::path& path, const array3<std::uint8_t>& labels,
               const volume::geometry& grid) {
    using image_type = itk::Image<std::uint8_t, 3>;
    auto image = image_type::New();
    image_type::SizeType size;
    image_type::SpacingType spacing;
    image_type::PointType origin;
    image_type::DirectionType direction;
    for (unsigned axis = 0; axis < 3; ++axis) {
        size[axis] = grid.shape[2 - axis];
        spacing[axis] = grid.spacing_mm[2 - axis];
        origin[axis] = grid.origin_mm[axis];
        for (unsigned i = 0; i < 3; ++i) direction[i][axis] = grid.direction[2 - axis][i];
    }
    image->SetRegions(size);
    image->SetSpacing(spacing);
    image->SetOrigin(origin);
    image->SetDirection(direction);
    // ITK only reads from it.
    image->GetPixelContainer()->SetImportPointer(const_cast<std::uint8_t*>(flat(labels).data()),
                                                 labels.size(), false);
    auto writer = itk::ImageFileWriter<image_type>::New();
    if (path.extension() == ".nrrd")
        writer->SetImageIO(itk::NrrdImageIO::New());
    else
        writer->SetImageIO(itk::MetaImageIO::New());
    writer->SetFileName(path.string());
    writer->SetInput(image);
    writer->SetUseCompression(true);
    try {
        writer->Update();
    } catch (const itk::ExceptionObject&) {
        throw std::filesystem::filesystem_error("write", std::make_error_code(std::errc::io_error));
    }
}

} // namespace groundglass::io::detail
