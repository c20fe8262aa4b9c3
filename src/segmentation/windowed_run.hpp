#pragma once

#include <groundglass/error.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace groundglass::segmentation::detail {

/// Items `first..last` that item i is combined from, both included. The relation is symmetric.
struct window {
    std::size_t first = 0;
    std::size_t last = 0;
};

/// Computes items on several threads and combines each with its neighbours as soon as all of them are there.
/// A result is given up after its last use, and no thread runs far ahead of the oldest unfinished item, so
/// only about a window and two items per thread are alive at any time.
template <class Result>
class windowed_run {
public:
    std::function<Result(std::size_t)> compute;
    /// `results[k]` for k in the item's window; called on any thread, once for each item.
    std::function<void(std::size_t, std::span<const std::unique_ptr<const Result>>)> combine;
    /// Called on each thread before its first item.
    std::function<void()> prepare_thread;

    explicit windowed_run(std::vector<window> windows)
        : windows_(std::move(windows)), results_(windows_.size()), missing_(windows_.size()),
          users_(windows_.size()), combined_(windows_.size()) {
        for (std::size_t i = 0; i < windows_.size(); ++i)
            missing_[i] = users_[i] = windows_[i].last - windows_[i].first + 1;
    }

    /// Runs everything and returns when no thread is left. `progress(done)` is called on the calling thread;
    /// when it returns false or throws, the run stops. Returns whether it ran to the end; throws what a
    /// function threw.
    bool operator()(std::size_t threads, const std::function<bool(std::size_t)>& progress) {
        std::size_t widest = 1;
        for (const auto& w : windows_) widest = std::max(widest, w.last - w.first + 1);
        threads = std::clamp<std::size_t>(threads, 1, std::max<std::size_t>(1, windows_.size()));
        ahead_ = widest + 2 * threads;
        if (progress && !progress(0)) return false;
        if (windows_.empty()) return true;
        bool finished = false;
        {
            const stopping_team team(*this, threads);
            finished = watch(progress);
        }
        if (failure_) std::rethrow_exception(failure_);
        return finished;
    }

private:
    using lock = std::unique_lock<std::mutex>;

    /// The threads; whatever happens, they are told to stop and waited for.
    class stopping_team {
    public:
        stopping_team(windowed_run& run, std::size_t threads) : run_(run) {
            threads_.reserve(threads);
            try {
                for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([&run] { run.work(); });
            } catch (const std::exception& error) {
                // The system gives no more threads, or no memory for them: those there are do the work.
                if (threads_.empty())
                    throw model_error(std::string("the system gives no thread to run the models on (") +
                                      error.what() +
                                      "); free memory, or raise the limits on memory and processes");
            }
        }
        stopping_team(const stopping_team&) = delete;
        stopping_team& operator=(const stopping_team&) = delete;
        ~stopping_team() {
            {
                const lock guard(run_.mutex_);
                run_.stop_ = true;
            }
            run_.changed_.notify_all();
            for (auto& thread : threads_) thread.join();
        }

    private:
        windowed_run& run_;
        std::vector<std::thread> threads_;
    };

    bool watch(const std::function<bool(std::size_t)>& progress) {
        using namespace std::chrono_literals;
        lock guard(mutex_);
        for (std::size_t told = 0;;) {
            changed_.wait_for(guard, 200ms, [&] { return stop_ || done_ > told; });
            if (stop_) return false;
            told = done_;
            guard.unlock();
            if (progress && !progress(told)) return false;
            guard.lock();
            if (told == windows_.size()) return true;
        }
    }

    void work() {
        try {
            if (prepare_thread) prepare_thread();
            lock guard(mutex_);
            for (;;) {
                changed_.wait(guard,
                              [&] { return stop_ || next_ == windows_.size() || next_ < oldest_ + ahead_; });
                if (stop_ || next_ == windows_.size()) return;
                const std::size_t item = next_++;
                guard.unlock();
                auto result = std::make_unique<const Result>(compute(item));
                guard.lock();
                results_[item] = std::move(result);
                for (std::size_t i = windows_[item].first; i <= windows_[item].last; ++i)
                    if (--missing_[i] == 0) finish(i, guard);
            }
        } catch (...) {
            const lock guard(mutex_);
            if (!failure_) failure_ = std::current_exception();
            stop_ = true;
            changed_.notify_all();
        }
    }

    void finish(std::size_t item, lock& guard) {
        if (stop_) return;
        guard.unlock();
        // The results in the window stay until `users_` has counted this item, so no lock is needed to read
        // them.
        combine(item, results_);
        guard.lock();
        for (std::size_t i = windows_[item].first; i <= windows_[item].last; ++i)
            if (--users_[i] == 0) results_[i].reset();
        combined_[item] = 1;
        while (oldest_ < combined_.size() && combined_[oldest_] != 0) ++oldest_;
        ++done_;
        changed_.notify_all();
    }

    std::vector<window> windows_;
    std::vector<std::unique_ptr<const Result>> results_;
    std::vector<std::size_t> missing_;
    std::vector<std::size_t> users_;
    std::vector<char> combined_;
    std::size_t next_ = 0;
    std::size_t oldest_ = 0;
    std::size_t ahead_ = 1;
    std::size_t done_ = 0;
    bool stop_ = false;
    std::exception_ptr failure_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

} // namespace groundglass::segmentation::detail
