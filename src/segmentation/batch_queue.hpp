#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace groundglass::segmentation::detail {

/// Lets threads that each have one job for the same machine share its runs: while one batch runs, the jobs of
/// other threads gather, and one of their threads runs them as the next batch. Nobody waits for more to come,
/// so a single thread is served at once.
///
/// `Job` has `bool alike(const Job&) const`: only such jobs run together.
template <class Job>
class batch_queue {
public:
    /// `run` is called with one job or more, by one thread at a time; what it throws, each of its jobs'
    /// threads throws. `most(job)` is the largest batch of such jobs, at least 1.
    batch_queue(std::function<void(std::span<Job* const>)> run, std::function<std::size_t(const Job&)> most)
        : run_(std::move(run)), most_(std::move(most)) {}

    /// Returns when the job is done.
    void operator()(Job job) {
        entry own{&job, false, nullptr};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&own);
        for (;;) {
            changed_.wait(lock, [&] { return own.done || !running_; });
            if (own.done) break;
            run_next(lock);
        }
        if (own.failure) std::rethrow_exception(own.failure);
    }

private:
    struct entry {
        Job* job;
        bool done;
        std::exception_ptr failure;
    };

    /// Takes the oldest jobs that are alike, and runs them with the lock given back.
    void run_next(std::unique_lock<std::mutex>& lock) {
        const auto most = std::max<std::size_t>(1, most_(*waiting_.front()->job));
        std::vector<entry*> batch;
        std::vector<entry*> rest;
        for (auto* each : waiting_)
            (batch.size() < most && each->job->alike(*waiting_.front()->job) ? batch : rest).push_back(each);
        waiting_ = std::move(rest);
        running_ = true;
        lock.unlock();
        std::vector<Job*> jobs;
        jobs.reserve(batch.size());
        for (const auto* each : batch) jobs.push_back(each->job);
        std::exception_ptr failure;
        try {
            run_(jobs);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        for (auto* each : batch) {
            each->failure = failure;
            each->done = true;
        }
        running_ = false;
        changed_.notify_all();
    }

    std::function<void(std::span<Job* const>)> run_;
    std::function<std::size_t(const Job&)> most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<entry*> waiting_;
    bool running_ = false;
};

} // namespace groundglass::segmentation::detail
