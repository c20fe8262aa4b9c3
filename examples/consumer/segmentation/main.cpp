#include <groundglass/error.hpp>
#include <groundglass/segmentation/ensemble.hpp>

#include <iostream>

// A model that does not exist is refused in the library's own words: the library, and LibTorch behind it, are
// linked.
int main() {
    try {
        const groundglass::segmentation::ensemble stage({.models = {"no-such-model.pt"}});
    } catch (const groundglass::model_error& error) {
        std::cout << "refused as it should be: " << error.what() << '\n';
        return 0;
    }
    return 1;
}
