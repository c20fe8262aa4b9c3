#include "../../../src/segmentation/batch_queue.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <span>
#include <stdexcept>
#include <thread>
#include <vector>

using groundglass::segmentation::detail::batch_queue;

namespace {

struct job {
    int kind;
    std::atomic<int>* done;

    [[nodiscard]] bool alike(const job& other) const { return kind == other.kind; }
};

void on_threads(std::size_t count, const auto& work) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([&work, i] { work(i); });
}

} // namespace

TEST_CASE("every job runs once, alike ones together, in batches no larger than allowed") {
    std::atomic<int> done = 0;
    std::atomic<std::size_t> largest = 0;
    std::atomic<int> at_a_time = 0;
    std::atomic<bool> mixed = false, overlap = false;
    batch_queue<job> queue(
        [&](std::span<job* const> jobs) {
            overlap = overlap || ++at_a_time > 1;
            for (auto* each : jobs) {
                mixed = mixed || each->kind != jobs.front()->kind;
                ++*each->done;
            }
            largest = std::max(largest.load(), jobs.size());
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
            --at_a_time;
        },
        [](const job&) { return std::size_t{3}; });
    on_threads(12, [&](std::size_t i) {
        for (int k = 0; k < 20; ++k) queue({static_cast<int>(i % 2), &done});
    });
    CHECK(done == 12 * 20);
    CHECK(largest == 3);
    CHECK_FALSE(mixed);
    CHECK_FALSE(overlap);
}

TEST_CASE("what a batch throws, its threads throw, and the others go on") {
    std::atomic<int> done = 0, failed = 0;
    batch_queue<job> queue(
        [&](std::span<job* const> jobs) {
            if (jobs.front()->kind == 1) throw std::runtime_error("no memory");
            for (auto* each : jobs) ++*each->done;
        },
        [](const job&) { return std::size_t{4}; });
    on_threads(8, [&](std::size_t i) {
        for (int k = 0; k < 10; ++k) {
            try {
                queue({static_cast<int>(i % 2), &done});
            } catch (const std::runtime_error&) {
                ++failed;
            }
        }
    });
    CHECK(done == 40);
    CHECK(failed == 40);
}
